"""What time takes away."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.query_records import ListRequests, RequestRows
from echoless.crossing.records import TicketClosed
from echoless.retention.decision import Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DAY_S = 86_400
LOG = "POST /v1/workspace/analytics/requests"


async def test_requests_leave_the_log_after_their_days_and_items_stay(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """T40: also when the schedule slept for years."""
    item_id = await gateway.make("words")
    clock.turn(90 * DAY_S)
    assert await vault.schedule.run_once() == 0
    zero = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.close(zero, TicketClosed)
    clock.turn(1)
    assert await vault.schedule.run_once() == 1
    rows = (await gateway.question(LOG, ListRequests(0, 0, 10), RequestRows)).rows
    assert [row.request_id for row in rows] == [zero.request_id]
    clock.turn(5 * 365 * DAY_S)
    assert await vault.schedule.run_once() == 1
    assert vault.schedule.lag_s == 5 * 365 * DAY_S + 1 - 90 * DAY_S
    assert item_id in set(vault._storage.segments.item_ids())
    assert [fields["request_rows"] for event, fields in journal.events if event is Event.SWEPT] == [1, 1]


async def test_a_run_that_fails_is_said_and_the_schedule_goes_on(
    vault: Vault, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> int:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the disk is full")

    monkeypatch.setattr(vault.schedule, "run_once", fail)
    task = asyncio.create_task(vault.schedule.run_for_ever())
    while not any(event is Event.UNEXPECTED_ERROR for event, _ in journal.events):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
