"""A vault whose disk is full: it refuses, keeps reading, writes nothing by halves, and goes on once there is room.

The kernel refuses every byte of every file (RLIMIT_FSIZE), as a full disk does; this works for an ordinary user.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.account_records import Census, DeleteWorkspace, DeletionView, TakeCensus
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView, HistoryPage, ListHistory
from echoless.crossing.records import Record, Refused, TicketClosed, UnitsReserved
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM = "GET /v1/history/{item}"
AWAY = {ErrorCode.ENGINE_UNAVAILABLE.value, ErrorCode.STORE_UNAVAILABLE.value}


@asynccontextmanager
async def full_disk() -> AsyncIterator[None]:
    """Let the kernel refuse every byte to this process while the block runs."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert signal.getsignal(signal.SIGXFSZ) in {signal.SIG_IGN, signal.SIG_DFL}
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def try_to_make(gateway: GatewayDouble, text: str, audio: bytes) -> Record:
    """Run one kept request as far as it gets; return the last answer."""
    granted = await gateway.open()
    reserved = await gateway.reserve(granted, len(text), Record)
    if not isinstance(reserved, UnitsReserved):
        return reserved
    gateway.keep(granted, text, audio)
    return await gateway.close(granted, Record)


async def census_of(vault: Vault) -> Census:
    found = await vault.operate(TakeCensus(next(iter(vault.administration.accounts.workspaces))))
    assert isinstance(found, Census)
    return found


@pytest.mark.parametrize("audio_bytes", [10, 900_000])
async def test_a_request_on_a_full_disk_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, audio_bytes: int
) -> None:
    """Whatever was being kept is not there by halves: neither row, nor key, nor object; what was there still is."""
    config = config_for(tmp_path / "data")
    clock = TurnedClock()
    async with open_vault(config, clock, MemoryJournal()) as vault, GatewayDouble.connected(vault) as gateway:
        earlier = await gateway.make("There was room.", b"a" * 1000)
        async with full_disk():
            answer = await try_to_make(gateway, "There is no room.", os.urandom(audio_bytes))
            assert isinstance(answer, Refused), answer
            # From here on a generation is refused before it begins, with the word for: come again.
            while not vault._storage.writer.is_failing:
                await asyncio.sleep(0.01)
            refused = await gateway.ask(_speak(), Refused)
            assert refused.code in AWAY
            assert refused.retry_after_s
            page = await gateway.question("GET /v1/history", ListHistory(page_size=10), HistoryPage)
            assert [item.item_id for item in page.items] == [earlier]
        while vault._storage.writer.is_failing:
            await asyncio.sleep(0.02)
        later = await gateway.make("There is room again.", b"a" * 1000)
        found = await census_of(vault)
        assert (found.rows["history_items"], found.orphan_count) == (2, 0)
    async with open_vault(config, clock, MemoryJournal()) as vault, GatewayDouble.connected(vault) as gateway:
        for item_id in (earlier, later):
            await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
        found = await census_of(vault)
        assert (found.rows["history_items"], found.orphan_count) == (2, 0)


@pytest.mark.claim("Z28")
async def test_an_account_is_not_deleted_by_halves_on_a_full_disk(tmp_path: Path) -> None:
    """Asked for while nothing can be written: nothing has happened. Begun before: it goes on once there is room."""
    config = config_for(tmp_path / "data")
    async with (
        open_vault(config, TurnedClock(), MemoryJournal()) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        workspace_id = next(iter(vault.administration.accounts.workspaces))
        item_id = await gateway.make("Kept.", b"a" * 1000)
        async with full_disk():
            assert isinstance(await vault.operate(DeleteWorkspace(workspace_id)), Refused)
        assert not vault.account_eraser.requests
        while vault._storage.writer.is_failing:
            await asyncio.sleep(0.02)
        await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
        begun = await vault.operate(DeleteWorkspace(workspace_id))
        assert isinstance(begun, DeletionView)
        async with full_disk():
            await vault.jobs._run_step(begun.deletion_id)
            assert workspace_id in vault.administration.accounts.workspaces, "the ledger comes first"
        while vault.account_eraser.find(begun.deletion_id) is not None:
            await vault.jobs._run_step(begun.deletion_id)
            await asyncio.sleep(0.02)
        found = await vault.operate(TakeCensus(workspace_id))
        assert isinstance(found, Census)
        assert (set(found.rows.values()), found.orphan_count) == ({0}, 0)


def _speak() -> Record:
    from echoless.crossing.records import OpenTicket
    from echoless.retention.decision import Switch
    from tests.fakes.gateway_double import KEY, TTS, VOICE

    return OpenTicket(TTS, KEY, Switch.ABSENT, VOICE)


async def test_a_request_that_was_refused_for_want_of_room_can_be_sent_again(tmp_path: Path) -> None:
    async with (
        open_vault(config_for(tmp_path / "data"), TurnedClock(), MemoryJournal()) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        async with full_disk():
            await try_to_make(gateway, "No room.", b"a" * 10)
        while vault._storage.writer.is_failing:
            await asyncio.sleep(0.02)
        answer = await try_to_make(gateway, "No room.", b"a" * 10)
        assert isinstance(answer, TicketClosed)
        assert answer.is_kept
