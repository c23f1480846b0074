"""What a start takes away before it serves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView, HistoryPage, ListHistory
from echoless.crossing.records import CloseStatus, Refused, TicketClosed
from echoless.vault.erasure.sweep import sweep
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.erasing import destroy_keys
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.segments import SEGMENT_BYTES, Part
from tests.fakes.gateway_double import ON_FILES, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM = "GET /v1/history/{item}"


@pytest.mark.parametrize("stores", ["sqlite-files"], indirect=True)
async def test_objects_without_an_item_go_and_items_stay(
    vault: Vault, gateway: GatewayDouble, journal: MemoryJournal
) -> None:
    """C19: what a killed vault had begun is an orphan; what it acknowledged is whole."""
    kept = await gateway.make("words")
    storage = vault._storage
    storage.segments.put(ItemSealer.new("orphan"), "orphan", Part.AUDIO, 0, b"audio")
    storage.segments.objects.put("or/orphan/000001", b"more")
    assert await sweep(storage, journal) == 1
    assert list(storage.segments.item_ids()) == [kept]
    assert (Event.SWEPT, {"count": 1}) in journal.events
    assert await sweep(storage, journal) == 0


@pytest.mark.claim("Z12")
async def test_a_deletion_that_was_cut_short_is_finished(vault: Vault, gateway: GatewayDouble) -> None:
    """The key went, then the power: row and objects follow at the next start."""
    item_id = await gateway.make("words")
    storage = vault._storage
    await storage.writer.run(lambda connections: destroy_keys(connections, [item_id]))
    assert await sweep(storage, MemoryJournal()) == 1
    assert list(storage.segments.item_ids()) == []
    page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
    assert page.items == []


@pytest.mark.claim("Z12")
@ON_FILES
async def test_an_older_copy_that_was_put_back_loses_what_the_ledger_names(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal, tmp_path: Path
) -> None:
    """C52: databases and objects of yesterday, the ledger of today."""
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        deleted, kept = await gateway.make("delete"), await gateway.make("keep")
    shutil.copytree(config.data_directory, tmp_path / "yesterday")
    async with open_vault(config, clock, journal) as vault:
        await vault.eraser.erase([deleted])
    for name in ("vault.sqlite", "keys.sqlite"):
        shutil.copy(tmp_path / "yesterday" / name, Path(config.data_directory) / name)
    shutil.copytree(tmp_path / "yesterday" / "objects", Path(config.data_directory) / "objects", dirs_exist_ok=True)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.question(ITEM, GetHistoryItem(deleted), Refused)
        assert (await gateway.question(ITEM, GetHistoryItem(kept), HistoryItemView)).text == "keep"
        assert list(vault._storage.segments.item_ids()) == [kept]


async def test_segments_of_a_request_that_ends_without_an_item_go_at_once(
    vault: Vault, gateway: GatewayDouble
) -> None:
    granted = await gateway.open()
    gateway.keep(granted, "words", bytes(SEGMENT_BYTES + 5))
    await gateway.close(granted, TicketClosed, CloseStatus.FAILED)
    await vault._storage.writer.flush()
    assert list(vault._storage.segments.item_ids()) == []
