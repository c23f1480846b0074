"""Deleting rows and keys."""

from __future__ import annotations

import pytest

from echoless.vault.stores import erasing
from echoless.vault.stores.drafts import ItemDraft, ItemFacts, ItemHead
from echoless.vault.stores.erasing import (
    delete_item_rows,
    destroy_keys,
    half_deleted,
    stored_of,
    with_row,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
IDS = ["item1", "item2", "item3"]


def all_half_deleted(connections: Connections) -> list[str]:
    return [item_id for batch in half_deleted(connections) for item_id in batch]


@pytest.fixture
async def filled(storage: Storage) -> Storage:
    storage.keyring.new_workspace_key("w")
    for item_id in IDS:
        draft = ItemDraft.new(item_id)
        draft.text = ItemHead("text", {}, None, None, None, None, 0, 0)
        draft.add_alignment("alignment", ["t"], [0.0], [0.1])
        facts = ItemFacts(item_id, "w", item_id, 1, "v", "V", "m", "TTS", "pcm_8000", 0, 1)
        await storage.writer.commit_item(draft, facts)
    return storage


async def test_keys_and_rows_go_only_of_what_is_named(filled: Storage) -> None:
    run = filled.writer.run
    await run(lambda connections: destroy_keys(connections, ["item1"]))
    assert await run(all_half_deleted) == ["item1"]
    assert await run(lambda connections: stored_of(connections, IDS)) == IDS
    await run(lambda connections: delete_item_rows(connections, ["item1"]))
    assert await run(lambda connections: stored_of(connections, IDS)) == ["item2", "item3"]
    assert await run(lambda connections: with_row(connections, IDS)) == {"item2", "item3"}
    assert await run(all_half_deleted) == []


@pytest.mark.claim("Z12")
async def test_a_destroyed_key_is_in_no_file(filled: Storage) -> None:
    """C50, C51: the wrapped key's bytes are gone from database and log, not only from the table."""
    wrapped = await filled.read(
        lambda reader: reader._keys.exec_driver_sql(
            "SELECT wrapped FROM item_keys WHERE item_id='item1'"
        ).scalar_one()
    )
    needle = bytes(wrapped)[:24]
    await filled.read(lambda reader: reader._keys.rollback())
    assert sum(path.read_bytes().count(needle) for path in filled.directory.root.glob("keys.sqlite*")) > 0
    await filled.writer.run(lambda connections: destroy_keys(connections, ["item1"]))
    assert sum(path.read_bytes().count(needle) for path in filled.directory.root.glob("keys.sqlite*")) == 0
