"""Reading kept items."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.vault.stores import schema
from echoless.vault.stores.drafts import ALIGNMENT, ALIGNMENT_PART_CHARACTERS, ItemDraft, ItemFacts, ItemHead
from echoless.vault.stores.history import HistoryFilter, HistoryReader, matches_text
from echoless.vault.stores.storage import Storage

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
FACTS = ItemFacts("", "w", "r", 0, "voice-a", "Voice", "model-a", "TTS", "pcm_8000", 0, 4)


async def put(storage: Storage, facts: ItemFacts, text: str = "text", alignment: str = "") -> None:
    draft = ItemDraft.new(facts.item_id)
    draft.text = ItemHead(text, {}, None, None, None, None, 0, 0)
    times = [float(index) for index in range(len(alignment))]
    if alignment:
        draft.add_alignment(ALIGNMENT, list(alignment), times, times)
    await storage.writer.commit_item(draft, facts)


@pytest.fixture
async def filled(storage: Storage) -> Storage:
    storage.keyring.new_workspace_key("w")
    storage.keyring.new_workspace_key("other")
    for number in range(4):
        facts = replace(FACTS, item_id=f"item{number}", created_ms=1000 * number, request_id=f"r{number}")
        await put(storage, replace(facts, voice_id="voice-b") if number == 2 else facts, text=f"Text {number}")
    await put(storage, replace(FACTS, item_id="foreign", workspace_id="other", request_id="rx", created_ms=9000))
    return storage


async def found(storage: Storage, wanted: HistoryFilter, after: int | None = None, count: int = 10) -> list[str]:
    items = await storage.read(lambda reader: reader.step(wanted, after, count))
    return [item.facts.item_id for item in items]


async def test_items_come_newest_first_and_go_on_after_a_place(filled: Storage) -> None:
    wanted = HistoryFilter("w")
    assert await found(filled, wanted) == ["item3", "item2", "item1", "item0"]
    assert await found(filled, replace(wanted, is_ascending=True)) == ["item0", "item1", "item2", "item3"]
    place = await filled.read(lambda reader: reader.sequence_of("w", "item2"))
    assert await found(filled, wanted, place) == ["item1", "item0"]
    assert await found(filled, replace(wanted, is_ascending=True), place) == ["item3"]
    assert await found(filled, wanted, count=2) == ["item3", "item2"]


async def test_filters_narrow_and_dates_are_inclusive_below_and_exclusive_above(filled: Storage) -> None:
    wanted = HistoryFilter("w")
    assert await found(filled, replace(wanted, voice_id="voice-b")) == ["item2"]
    assert await found(filled, replace(wanted, model_id="model-x")) == []
    assert await found(filled, replace(wanted, source="STS")) == []
    assert await found(filled, replace(wanted, after_ms=2000)) == ["item3", "item2"]
    assert await found(filled, replace(wanted, before_ms=2000)) == ["item1", "item0"]


async def test_an_item_of_another_workspace_does_not_exist(filled: Storage) -> None:
    """C11: the same answer as for an id that never was."""
    for item_id in ("foreign", "never"):
        assert await filled.read(lambda reader, item_id=item_id: reader.get("w", item_id)) is None
        assert await filled.read(lambda reader, item_id=item_id: reader.sequence_of("w", item_id)) is None


async def test_an_item_whose_key_is_gone_is_gone(filled: Storage) -> None:
    def destroy(connections: object) -> None:
        keys = filled.writer._connections.keys
        with keys.begin():
            keys.execute(sa.delete(schema.item_keys).where(schema.item_keys.c.item_id == "item1"))

    await filled.writer.run(destroy)
    assert await filled.read(lambda reader: reader.get("w", "item1")) is None
    assert "item1" not in await found(filled, HistoryFilter("w"))


async def test_a_row_that_was_changed_does_not_fit_its_seal(filled: Storage) -> None:
    def tamper(connections: object) -> None:
        vault = filled.writer._connections.vault
        with vault.begin():
            vault.execute(sa.update(schema.history_items).values(audio_bytes=5))

    await filled.writer.run(tamper)
    with pytest.raises(EcholessError, match="does not fit"):
        await filled.read(lambda reader: reader.get("w", "item1"))


async def test_alignments_are_read_in_runs_across_parts(storage: Storage) -> None:
    storage.keyring.new_workspace_key("w")
    text = "abcdefgh" * (ALIGNMENT_PART_CHARACTERS // 4) + "end"
    await put(storage, replace(FACTS, item_id="long"), alignment=text)
    item = await storage.read(lambda reader: reader.get("w", "long"))
    assert item is not None
    assert await storage.read(lambda reader: reader.alignment_length(item, ALIGNMENT)) == len(text)
    assert await storage.read(lambda reader: reader.alignment_length(item, "normalized_alignment")) == 0
    start = ALIGNMENT_PART_CHARACTERS - 3
    run = await storage.read(lambda reader: reader.alignment(item, ALIGNMENT, start, 3))
    assert run is not None
    assert ("".join(run.characters), run.start_s[0]) == (text[start : start + 3], float(start))
    whole = await storage.read(lambda reader: reader.alignment(item, ALIGNMENT, 0, len(text)))
    assert whole is not None
    assert "".join(whole.characters) == text


async def test_search_ignores_case_and_recent_requests_are_listed(filled: Storage) -> None:
    item = await filled.read(lambda reader: reader.get("w", "item1"))
    assert item is not None
    assert matches_text("tExT 1")(item)
    assert not matches_text("text 2")(item)
    recent = await filled.read(lambda reader: reader.recent_request_ids(3000))
    assert sorted(recent) == [("r3", "w", "item3", 3000), ("rx", "other", "foreign", 9000)]


async def test_transcripts_are_found_by_who_looks_for_one_and_by_nobody_else(storage: Storage) -> None:
    """They are in no page, whatever is asked for; only what was spoken from text can be continued."""
    storage.keyring.new_workspace_key("w")
    for source in ("TTS", "STS", "STT"):
        await put(storage, replace(FACTS, item_id=source, source=source, request_id=source, created_ms=5))
    assert await found(storage, HistoryFilter("w")) == ["STS", "TTS"]
    assert await found(storage, HistoryFilter("w", source="STT")) == []
    for source, is_transcript in (("TTS", False), ("STS", False), ("STT", True)):

        def named(reader: HistoryReader, source: str = source, is_transcript: bool = is_transcript) -> bool:
            place = reader.sequence_of("w", source, is_transcript=is_transcript)
            item = reader.get("w", source, is_transcript=is_transcript)
            return place is not None and item is not None

        assert await storage.read(named)
        assert not await storage.read(
            lambda reader, named=named, other=not is_transcript: named(reader, is_transcript=other)
        )  # type: ignore[misc]  # bound
    assert [row[0] for row in await storage.read(lambda reader: reader.recent_request_ids(0))] == ["TTS"]


async def test_only_voices_of_items_are_known(filled: Storage) -> None:
    known = [await filled.read(lambda reader, name=name: reader.has_voice("w", name)) for name in ("voice-b", "x")]  # type: ignore[misc]  # bound
    assert known == [True, False]
    assert not await filled.read(lambda reader: reader.has_voice("other", "voice-b"))
