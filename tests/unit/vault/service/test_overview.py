"""The live view shows what the vault sees: receipts, walls, the log, refusals, the last audit."""

from __future__ import annotations

import pytest

from echoless.core.ids import TicketId
from echoless.crossing.records import CloseStatus, CloseTicket, OpenTicket, Refused, TicketClosed
from echoless.crossing.watch_records import AskWatch, WatchView
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-51ab0c"


async def look(vault: Vault) -> WatchView:
    view = await vault.operate(AskWatch())
    assert isinstance(view, WatchView)
    return view


async def test_receipts_capsules_and_the_log_grow_as_requests_end(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    before = await look(vault)
    await gateway.make(f"{CANARY} kept")
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    closed = CloseTicket(CloseStatus.FAILED, 500, "internal_error", 0, 0, 5, RetentionMode.ZERO, is_capsule=True)
    await gateway.ask(closed, TicketClosed, TicketId(granted.ticket_id))
    assert (await look(vault)).receipts_pending == 2
    clock.turn(30)
    vault.proving.receipting.expire()
    await vault.proving.receipting.issue_ready()
    after = await look(vault)
    assert after.receipts == after.receipts_minute == {"zero": 1, "default": 1}
    assert (after.capsules, after.receipts_pending, after.receipts_lost) == (1, 0, 0)
    assert after.log_size >= before.log_size + 2
    assert after.log_root != before.log_root


async def test_refusals_are_shown_by_reason_and_by_nothing_else(vault: Vault, gateway: GatewayDouble) -> None:
    assert (await look(vault)).refusals == {}
    await gateway.ask(OpenTicket("GET /v1/history", f"sk_{CANARY}", Switch.ABSENT, CANARY), Refused)
    view = await look(vault)
    assert view.refusals == {"invalid_api_key": 1}
    assert CANARY not in str([getattr(view, name) for name in view.__struct_fields__])


async def test_the_vault_shows_its_own_wall_and_what_the_host_lacks(vault: Vault) -> None:
    vault.host.missing = frozenset({"swap_on"})
    view = await look(vault)
    assert [(each.role, each.is_seen) for each in view.processes] == [("vault", True)]
    assert (view.is_confined, view.missing) == (False, ["swap_on"])


async def test_without_an_audit_there_is_none_to_show(vault: Vault) -> None:
    view = await look(vault)
    assert (view.audit_unix, view.audit_verdict, view.audit_mode) == (0, "", "")
