"""What is asked about the vault itself: readiness and numbers, without a ticket."""

from __future__ import annotations

import pytest

from echoless.crossing.operations_records import AskReadiness, MetricsPage, Readiness, ReadMetrics
from echoless.vault.intake.granting import HOST_NOT_STATED
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def ready(gateway: GatewayDouble) -> tuple[bool, bool, bool]:
    found = await gateway.ask(AskReadiness(), Readiness)
    return found.is_starting, found.is_store_failing, found.is_confined


async def test_a_vault_that_can_do_everything_is_ready(gateway: GatewayDouble) -> None:
    assert await ready(gateway) == (False, False, True)


async def test_until_the_supervisor_has_spoken_the_server_is_starting(vault: Vault, gateway: GatewayDouble) -> None:
    vault.host.missing = frozenset({HOST_NOT_STATED})
    assert await ready(gateway) == (True, False, False)


async def test_a_host_that_lacks_something_is_ready_without_zero_retention(
    vault: Vault, gateway: GatewayDouble
) -> None:
    vault.host.missing = frozenset({"swap_on"})
    assert await ready(gateway) == (False, False, False)


async def test_a_store_that_cannot_write_is_said(vault: Vault, gateway: GatewayDouble) -> None:
    vault._storage.writer.is_failing = True
    assert await ready(gateway) == (False, True, True)
    page = await gateway.ask(ReadMetrics(), MetricsPage)
    assert b"echoless_store_failing 1.0" in page.text


async def test_the_first_look_at_lag_and_backups_is_in_the_page(gateway: GatewayDouble) -> None:
    page = (await gateway.ask(ReadMetrics(), MetricsPage)).text
    assert b'echoless_schedule_lag_seconds{class="request_log"} 0.0' in page
    assert b"echoless_backup_age_seconds NaN" in page
