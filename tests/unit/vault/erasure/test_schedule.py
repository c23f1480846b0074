"""What time takes away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.log_records import LogSettings, SetLogSettings
from echoless.crossing.number_records import (
    ListRequests,
    RequestRows,
)
from echoless.crossing.query_records import (
    GetHistoryItem,
    HistoryItemView,
)
from echoless.crossing.records import Refused, TicketClosed
from echoless.retention.decision import Switch
from echoless.retention.schedule import Kept
from echoless.vault.erasure.schedule import PERIOD_MS
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores import ageing, schema
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z25")]
DAY_S = 86_400
LOG = "POST /v1/workspace/analytics/requests"
ITEM = "GET /v1/history/{item}"


async def rows_of(vault: Vault) -> tuple[int, int, int]:
    """Count what is there, in the tables themselves: items, requests, entries of logs."""
    await vault._storage.writer.flush()
    found = []
    for table in (schema.history_items, schema.request_log, schema.log_entries):
        counted = sa.select(sa.func.count()).select_from(table)
        found.append(await vault._storage.read(lambda reader, counted=counted: _scalar(reader.vault, counted)))
    return found[0], found[1], found[2]


def _scalar(connection: sa.Connection, statement: sa.Select[tuple[int]]) -> int:
    with connection.begin():
        return connection.execute(statement).scalar_one()


async def test_each_class_goes_after_its_own_days(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """C56: the debug log after 30 days, the request log after 90; the item stays, for it has no last day."""
    item_id = await gateway.make("words")
    clock.turn(30 * DAY_S - 1)
    assert not any((await vault.schedule.run_once()).values())
    assert await rows_of(vault) == (1, 1, 1)
    clock.turn(1)
    assert (await vault.schedule.run_once())[Kept.DEBUG_LOG] == 1
    assert await rows_of(vault) == (1, 1, 0)
    clock.turn(60 * DAY_S)
    assert (await vault.schedule.run_once())[Kept.REQUEST_LOG] == 1
    clock.turn(20 * 365 * DAY_S)
    await vault.schedule.run_once()
    assert await rows_of(vault) == (1, 0, 0)
    assert (await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)).text == "words"
    said = [fields["kept"] for event, fields in journal.events if event is Event.SWEPT]
    assert said == ["debug_log", "request_log"]


async def test_a_schedule_that_slept_for_years_catches_up_and_says_by_how_much_it_lagged(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T40: no lower bound, in bounded steps; the lag is there to be seen until all is done."""
    monkeypatch.setattr(ageing, "ROWS_STEP", 2)
    monkeypatch.setattr(ageing, "SEALED_STEP", 2)
    for _ in range(5):
        await gateway.make("words")
    clock.turn(10 * 365 * DAY_S)
    deleted = await vault.schedule.run_once()
    assert (deleted[Kept.REQUEST_LOG], deleted[Kept.DEBUG_LOG]) == (5, 5)
    assert await rows_of(vault) == (5, 0, 0)
    await gateway.make("words")
    clock.turn(31 * DAY_S)
    await vault._storage.writer.flush()
    await vault.schedule._delete(vault.schedule._classes[Kept.DEBUG_LOG])
    assert vault.schedule.lags_s[Kept.DEBUG_LOG] == DAY_S
    await vault.schedule.run_once()
    assert vault.schedule.lags_s[Kept.DEBUG_LOG] == 0


async def test_the_jobs_run_it_every_hour_and_a_new_process_looks_at_once(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """The process was off for a year: what became due meanwhile goes with its first turn."""
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.make("words")
        await vault.jobs.run_due()
        assert vault.jobs.pending_count == 0
        clock.turn(PERIOD_MS / 1000 - 1)
        assert vault.jobs.pending_count == 0
        clock.turn(1)
        assert vault.jobs.pending_count == len(Kept)
    clock.turn(365 * DAY_S)
    async with open_vault(config, clock, journal) as vault:
        await vault.jobs.run_due()
        assert await rows_of(vault) == (1, 0, 0)
        assert vault.schedule.lag_s == 0


async def test_a_shorter_life_holds_from_the_next_start_on(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """Not an hour after it: every job is due when a process begins."""
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.make("words")
        clock.turn(8 * DAY_S)
        await vault.jobs.run_due()
        assert await rows_of(vault) == (1, 1, 1)
    shorter = config_for(config.data_directory, stores=config.stores, debug_log_days=7, request_log_days=7)
    async with open_vault(shorter, clock, journal) as vault:
        await vault.jobs.run_due()
        assert await rows_of(vault) == (1, 0, 0)


async def test_a_class_whose_job_fails_lags_longer_and_longer(
    vault: Vault, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vault.jobs.run_due()

    async def fail(_ageing: object) -> int:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the disk is full")

    monkeypatch.setattr(vault.schedule, "_delete", fail)
    clock.turn(PERIOD_MS / 1000)
    for _ in range(3):
        await vault.jobs.run_due()
        clock.turn(1000)
    assert vault.schedule.lag_of(Kept.DEBUG_LOG) == 3000
    assert any(event is Event.UNEXPECTED_ERROR for event, _ in journal.events)


async def test_a_clock_that_jumps_ahead_for_a_moment_deletes_nothing(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    await gateway.make("words")
    clock.now_ms += 10 * 365 * DAY_S * 1000
    await vault.schedule.run_once()
    clock.now_ms -= 10 * 365 * DAY_S * 1000
    clock.turn(DAY_S)
    await vault.schedule.run_once()
    assert await rows_of(vault) == (1, 1, 1)


async def test_a_history_with_a_last_day_loses_items_and_transcripts_with_it(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    limited = config_for(config.data_directory, stores=config.stores, history_days=7)
    async with open_vault(limited, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        old = await gateway.make("old words")
        await gateway.transcribe(b"recording", b'{"text":"heard"}')
        clock.turn(7 * DAY_S)
        new = await gateway.make("new words")
        assert (await vault.schedule.run_once())[Kept.HISTORY] == 2
        await gateway.question(ITEM, GetHistoryItem(old), Refused)
        await gateway.question(ITEM, GetHistoryItem(new), HistoryItemView)
        assert set(vault._storage.segments.item_ids()) == {new}


async def test_items_that_age_take_their_log_entries_with_them_where_the_workspace_wishes_so(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    limited = config_for(config.data_directory, stores=config.stores, history_days=7)
    async with open_vault(limited, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        _, _, other_key = await vault.administration.create_workspace("other", "pro", is_entitled=False)
        await gateway.question("PATCH /v1/workspace/logs", SetLogSettings(True), LogSettings)
        await gateway.make("mine")
        await gateway.make("theirs", key=other_key)
        clock.turn(7 * DAY_S)
        await vault.schedule.run_once()
        assert await rows_of(vault) == (0, 2, 1)


async def test_requests_of_both_modes_leave_the_request_log(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    zero = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.close(zero, TicketClosed)
    clock.turn(90 * DAY_S - 1)
    await vault.schedule.run_once()
    rows = (await gateway.question(LOG, ListRequests(0, 0, 10), RequestRows)).rows
    assert [row.request_id for row in rows] == [zero.request_id]
    clock.turn(1)
    await vault.schedule.run_once()
    assert (await gateway.question(LOG, ListRequests(0, 0, 10), RequestRows)).rows == []


async def test_copies_from_before_an_update_go_while_the_server_runs(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, config: VaultConfig
) -> None:
    """After a week, and at once when something in them has had its days: an hourly job looks, not only a start."""
    copies = Path(config.data_directory) / "before-migration"

    def copied() -> None:
        copies.mkdir()
        (copies / "vault.sqlite").write_bytes(b"rows of before")
        os.utime(copies, (clock.unix_ms() / 1000, clock.unix_ms() / 1000))

    await gateway.make("words")
    copied()
    clock.turn(7 * DAY_S)
    await vault.schedule.run_once()
    assert copies.exists()
    clock.turn(DAY_S)
    await vault.schedule.run_once()
    assert not copies.exists()
    clock.turn(22 * DAY_S)
    copied()
    assert (await vault.schedule.run_once())[Kept.DEBUG_LOG] == 1
    assert not copies.exists()
