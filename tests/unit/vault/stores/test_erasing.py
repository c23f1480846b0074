"""Deleting rows and keys."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from echoless.vault.stores import erasing
from echoless.vault.stores.drafts import ItemDraft, ItemFacts, ItemHead
from echoless.vault.stores.erasing import (
    delete_item_rows,
    destroy_keys,
    half_deleted,
    keyed_of,
    stored_of,
    with_row,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row, Write, execute_group

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
    assert await run(lambda connections: keyed_of(connections, IDS)) == ["item2", "item3"]
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


async def test_the_search_for_half_deleted_things_holds_no_more_ids_where_there_are_more(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million items at a start must not be a million ids in memory."""
    monkeypatch.setattr(erasing, "PAGE_IDS", 200)
    few = [f"{index:05d}".ljust(20, "x") for index in range(2000)]
    many = [f"{index:05d}".ljust(20, "x") for index in range(2000, 18_000)]
    await storage.writer.run(lambda connections: fill(connections, few))
    await storage.writer.run(lambda connections: destroy_keys(connections, few[700:703]))
    await storage.writer.run(lambda connections: delete_item_rows(connections, few[300:302]))
    half = sorted(few[700:703] + few[300:302])
    # Once before, so that what is prepared for the first time is not counted.
    assert sorted(await storage.writer.run(all_half_deleted)) == half
    of_few_bytes = await storage.writer.run(peak_of_search_bytes)
    await storage.writer.run(lambda connections: fill(connections, many))
    of_many_bytes = await storage.writer.run(peak_of_search_bytes)
    assert sorted(await storage.writer.run(all_half_deleted)) == half
    assert of_many_bytes < of_few_bytes + 500_000, "16,000 ids more, of two tables, are 3,000,000 bytes"


def peak_of_search_bytes(connections: Connections) -> int:
    gc.collect()
    tracemalloc.start()
    for batch in half_deleted(connections):
        assert len(batch) < 10
        # What statements leave behind for the collector grows with their number; it is not what is held.
        gc.collect(1)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak_bytes


def fill(connections: Connections, ids: list[str]) -> None:
    rows = {Write.ITEM_KEY: [{"item_id": item_id, "workspace_id": "w", "wrapped": b"w"} for item_id in ids]}
    rows[Write.HISTORY_ITEM] = [item_row(item_id) for item_id in ids]
    execute_group(connections.keys, rows, are_keys=True)
    execute_group(connections.vault, rows, are_keys=False)


def item_row(item_id: str) -> Row:
    facts = ItemFacts(item_id, "w", item_id, 1, "v", "V", "m", "TTS", "pcm_8000", 0, 1)
    row: Row = {name: getattr(facts, name) for name in ItemFacts.__slots__}
    return row | {"audio_bytes": 0, "segment_count": 0, "sealed_head": b""}
