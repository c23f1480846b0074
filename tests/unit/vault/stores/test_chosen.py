"""What a deletion of many has chosen."""

from __future__ import annotations

import pytest

from echoless.vault.stores.chosen import Chosen, chosen_items, count_chosen, newest_sequence
from echoless.vault.stores.drafts import TRANSCRIPT_SOURCE, ItemDraft, ItemFacts
from echoless.vault.stores.storage import Storage

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.fixture
async def filled(storage: Storage) -> Storage:
    for workspace_id in ("w", "v"):
        storage.keyring.new_workspace_key(workspace_id)
    for index, (workspace_id, voice_id, model_id, source) in enumerate(
        [
            ("w", "a", "m", "TTS"), ("w", "b", "m", "TTS"), ("w", "a", "n", "STS"), ("v", "a", "m", "TTS"),
            ("w", "", "s", TRANSCRIPT_SOURCE),
        ]
    ):  # fmt: skip
        facts = ItemFacts(
            f"i{index}", workspace_id, f"r{index}", index * 1000, voice_id, "", model_id, source, "pcm", 0, 1
        )
        await storage.writer.commit_item(ItemDraft.new(f"i{index}"), facts)
    return storage


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen("w", [], is_named=False), ["i0", "i1", "i2"]),
        (Chosen("w", ["i1", "i3", "i9"], is_named=True), ["i1"]),
        (Chosen("w", [], is_named=True), []),
        (Chosen("w", ["i4"], is_named=True), []),
        (Chosen("w", [], is_named=False, voice_id="a"), ["i0", "i2"]),
        (Chosen("w", [], is_named=False, model_id="n"), ["i2"]),
        (Chosen("w", [], is_named=False, source="TTS"), ["i0", "i1"]),
        (Chosen("w", [], is_named=False, before_ms=1000), ["i0"]),
        (Chosen("w", [], is_named=False, after_ms=1000), ["i1", "i2"]),
        (Chosen("nobody", [], is_named=False), []),
    ],
)
async def test_a_choice_is_exactly_what_its_words_say(filled: Storage, chosen: Chosen, expected: list[str]) -> None:
    assert Chosen.from_facts(chosen.workspace_id, chosen.facts()) == chosen
    newest = await filled.read(lambda reader: newest_sequence(reader.vault))
    found = await filled.read(lambda reader: chosen_items(reader.vault, chosen, 0, newest, 10))
    assert [item_id for _, item_id in found] == expected
    assert await filled.read(lambda reader: count_chosen(reader.vault, chosen, newest)) == len(expected)


async def test_a_choice_is_read_in_order_up_to_the_newest_of_its_time(filled: Storage) -> None:
    chosen = Chosen("w", [], is_named=False)
    first = await filled.read(lambda reader: chosen_items(reader.vault, chosen, 0, 3, 2))
    rest = await filled.read(lambda reader: chosen_items(reader.vault, chosen, first[-1][0], 3, 2))
    assert [item_id for _, item_id in first + rest] == ["i0", "i1", "i2"]
    assert await filled.read(lambda reader: count_chosen(reader.vault, chosen, 1)) == 1
