"""Deleting rows and keys."""

from __future__ import annotations

import pytest

from echoless.vault.stores import erasing
from echoless.vault.stores.drafts import ItemDraft, ItemFacts, ItemHead
from echoless.vault.stores.erasing import (
    delete_item_rows,
    delete_log_before,
    destroy_keys,
    half_deleted,
    oldest_request_unix,
    stored_of,
    with_row,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write
from tests.unit.vault.stores.test_numbers import request

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
IDS = ["item1", "item2", "item3"]


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
    assert await run(half_deleted) == ["item1"]
    assert await run(lambda connections: stored_of(connections, IDS)) == IDS
    await run(lambda connections: delete_item_rows(connections, ["item1"]))
    assert await run(lambda connections: stored_of(connections, IDS)) == ["item2", "item3"]
    assert await run(lambda connections: with_row(connections, IDS)) == {"item2", "item3"}
    assert await run(half_deleted) == []


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


async def test_old_requests_go_however_old_and_however_many(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T40: no lower bound, and several batches in one run."""
    monkeypatch.setattr(erasing, "_LOG_BATCH", 2)
    for start in (0, 1, 5, 6, 7, 100):
        storage.writer.later(Write.REQUEST_LOG, request(f"r{start}", start))
    await storage.writer.flush()
    assert await storage.writer.run(oldest_request_unix) == 0
    assert await storage.writer.run(lambda connections: delete_log_before(connections, 100)) == 5
    assert await storage.writer.run(oldest_request_unix) == 100
