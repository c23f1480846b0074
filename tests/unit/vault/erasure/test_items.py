"""Deleting items, so that nothing of them is in any file."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    CheckRequestIds,
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
    ReadItemAudio,
)
from echoless.crossing.records import Refused, TicketClosed
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import ON_FILES, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM, DELETE = "GET /v1/history/{item}", "DELETE /v1/history/{item}"


def files(directory: str) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in Path(directory).rglob("*")
        if path.is_file() and path.name != "vault.lock"
    }


@pytest.mark.claim("Z12")
@ON_FILES
@pytest.mark.seed("S25")
async def test_nothing_of_a_deleted_item_is_in_any_file(
    vault: Vault, gateway: GatewayDouble, config: VaultConfig, journal: MemoryJournal
) -> None:
    """C50, C51: row, object and key are gone from every file, logs of the databases included; the control finds
    all of them before.
    """
    granted = await gateway.open()
    gateway.keep(granted, "Delete me.", b"audio" * 300_000)
    gateway.keep_alignment(granted, "Delete me.")
    await gateway.close(granted, TicketClosed)
    item_id = granted.history_item_id
    other_id = await gateway.make("Leave me.", b"other audio")
    storage = vault._storage
    sealer = await storage.read(lambda reader: reader.sealer(granted.workspace_id, item_id))
    row = await storage.read(
        lambda reader: reader.vault.exec_driver_sql(
            "SELECT sealed_head FROM history_items WHERE item_id = ?", (item_id,)
        ).scalar_one()
    )
    wrapped = await storage.read(
        lambda reader: reader._keys.exec_driver_sql(
            "SELECT wrapped FROM item_keys WHERE item_id = ?", (item_id,)
        ).scalar_one()
    )
    await storage.read(lambda reader: (reader.vault.rollback(), reader._keys.rollback()))
    assert sealer is not None
    needles = {"head": bytes(row), "key": bytes(wrapped), "id": item_id.encode()}
    found = files(config.data_directory)
    assert {name for name, needle in needles.items() if any(needle in data for data in found.values())} == set(
        needles
    )
    assert any(item_id in name for name in found)

    await gateway.question(DELETE, DeleteHistoryItem(item_id), Done)

    found = files(config.data_directory)
    assert not any(item_id in name for name in found)
    for name in ("head", "key"):
        assert not [file for file, data in found.items() if needles[name] in data], name
    # The id alone stays, in the erasure ledger and in the trail of administrative acts.
    holders = {file for file, data in found.items() if needles["id"] in data}
    assert holders <= {"erasure/ledger", "vault.sqlite", "vault.sqlite-wal"}
    assert (Event.ITEM_ERASED, {"count": 1}) in journal.events
    assert (await gateway.question(ITEM, GetHistoryItem(other_id), HistoryItemView)).text == "Leave me."


@pytest.mark.claim("Z12")
async def test_a_deleted_item_answers_like_one_that_never_was(gateway: GatewayDouble) -> None:
    """C11."""
    kept = await gateway.open()
    gateway.keep(kept, "words", b"audio")
    await gateway.close(kept, TicketClosed)
    item_id = kept.history_item_id
    await gateway.question(DELETE, DeleteHistoryItem(item_id), Done)
    for endpoint, record in (
        (DELETE, DeleteHistoryItem), (ITEM, GetHistoryItem), (ITEM, lambda name: ReadItemAudio(name, 65536)),
    ):  # fmt: skip
        gone = await gateway.question(endpoint, record(item_id), Refused)
        never = await gateway.question(endpoint, record("never"), Refused)
        assert gone.code == never.code == ErrorCode.HISTORY_ITEM_NOT_FOUND
        assert (gone.message, gone.param) == (never.message, never.param)
    asking = await gateway.open()
    await gateway.ask(CheckRequestIds([kept.request_id], []), Refused, asking.ticket_id)


async def test_a_deletion_is_on_the_trail(gateway: GatewayDouble) -> None:
    item_id = await gateway.make("words")
    await gateway.question(DELETE, DeleteHistoryItem(item_id), Done)
    entries = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
    newest = entries.entries[0]
    assert (newest.activity, newest.target_id) == ("history.delete", item_id)


async def test_the_ledger_names_what_was_deleted_and_copies_of_older_versions_go(
    vault: Vault, gateway: GatewayDouble
) -> None:
    item_id = await gateway.make("words")
    directory = vault._storage.directory
    directory.copies.mkdir()
    (directory.copies / "keys.sqlite").write_bytes(b"wrapped keys of before")
    await gateway.question(DELETE, DeleteHistoryItem(item_id), Done)
    assert [item_id] in list(vault._storage.ledger.batches())
    assert not directory.copies.exists()
