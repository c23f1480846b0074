"""The page of metrics: closed labels, a fixed number of series, and nothing of any request (C28, T24)."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Mapping

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from echoless.confinement import properties
from echoless.confinement.properties import OTHER_FAMILY, PROPERTY_FAMILIES, family_of
from echoless.core.errors import ErrorCode
from echoless.crossing.control import Peer
from echoless.crossing.operations_records import MetricsPage, ProcessCounts, ReadMetrics
from echoless.crossing.records import OpenTicket, Refused, TicketClosed, UnitsReserved
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import Product
from echoless.retention.schedule import Kept
from echoless.supervisor.plan import Role
from echoless.vault.intake.tally import CODE_CLASSES, DURATION_BOUNDS_S, OTHER_CODE, Tally
from echoless.vault.service.metrics import PROCESS_ROLES, MetricsPages, Readings
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, closing
from tests.unit.crossing.test_watch_records import VIEW, WALLED

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-9f3ac1"
ALLOWED = {
    "product": {product.value for product in Product},
    "mode": {mode.value for mode in RetentionMode},
    "code_class": set(CODE_CLASSES),
    "code": {*(code.value for code in ErrorCode), OTHER_CODE},
    "role": set(PROCESS_ROLES),
    "property": set(PROPERTY_FAMILIES),
    "class": {kept.value for kept in Kept},
    "le": {*(str(bound) for bound in DURATION_BOUNDS_S), "+Inf"},
}
Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def series_of(page: bytes) -> Series:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float:
    return series[name, frozenset(labels.items())]


async def scrape(gateway: GatewayDouble) -> bytes:
    return (await gateway.ask(ReadMetrics(), MetricsPage)).text


def readings(**changes: object) -> Readings:
    values: dict[str, object] = {
        "now_unix": 1000, "open_requests": 0, "running": 0, "waiting": 0, "refused_content": 0,
        "is_store_failing": False, "pending_bytes": 0, "is_confined": True, "missing": frozenset(), "proofs": VIEW,
    }  # fmt: skip
    return Readings(**(values | changes))  # type: ignore[arg-type]  # a test's own values


def leave_units(vault: Vault, count: int) -> None:
    """Let the one workspace have so many units left."""
    [workspace] = vault.administration.accounts.workspaces.values()
    meter = vault.administration.accounts.meter(workspace.workspace_id)
    meter.character_count = workspace.character_limit - count


async def traffic(vault: Vault, gateway: GatewayDouble) -> None:
    """Requests of every kind of end, with marked text, key, voice id, model and error code."""
    leave_units(vault, 1000)
    await gateway.make(f"{CANARY} kept")
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    gateway.keep(granted, f"{CANARY} not kept", b"audio")
    await gateway.close(granted, TicketClosed, error_code=CANARY, http_status=599)
    refused = OpenTicket("GET /v1/history", f"sk_{CANARY}", Switch.ABSENT, CANARY)
    await gateway.ask(refused, Refused)
    granted = await gateway.open(voice_id=f"voice-{CANARY}")
    await gateway.reserve(granted, 2000, Refused)


@pytest.mark.claim("Z29")
async def test_traffic_adds_no_series_and_leaves_nothing_in_the_page(vault: Vault, gateway: GatewayDouble) -> None:
    """C28: scraped before and after; the control is that the numbers moved."""
    before = await scrape(gateway)
    for _ in range(3):
        await traffic(vault, gateway)
    after = await scrape(gateway)
    assert set(series_of(before)) == set(series_of(after))
    assert series_of(before) != series_of(after)
    assert CANARY.encode() not in after
    assert b"sk_" not in after


@pytest.mark.claim("Z29")
async def test_every_label_has_a_closed_set_of_values(vault: Vault, gateway: GatewayDouble) -> None:
    """C28: all series are there from the first scrape on."""
    await traffic(vault, gateway)
    series = series_of(await scrape(gateway))
    for name, labels in series:
        if name == "echoless_build_info":
            continue
        for label, shown in labels:
            assert shown in ALLOWED[label], (name, label, shown)
    products = {dict(labels)["product"] for name, labels in series if name == "echoless_requests_total"}
    assert products == ALLOWED["product"]
    # Nothing of the interpreter or of the machine: those are numbers of a process that sees content elsewhere.
    assert all(name.startswith("echoless_") for name, _ in series)


async def test_requests_are_counted_by_product_mode_and_class(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    leave_units(vault, 1000)
    await gateway.make("Kept.")
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    clock.turn(0.3)
    await gateway.close(granted, TicketClosed)
    granted = await gateway.open()
    await gateway.reserve(granted, 2000, Refused)
    await gateway.ask(OpenTicket("GET /v1/history", "sk_unknown", Switch.ABSENT), Refused)
    series = series_of(await scrape(gateway))

    def requests(product: str, mode: str, code_class: str) -> float:
        return value(series, "echoless_requests_total", product=product, mode=mode, code_class=code_class)

    assert requests("text_to_speech", "default", "2xx") == 1
    assert requests("text_to_speech", "zero", "2xx") == 1
    assert requests("history", "default", "4xx") == 1
    assert value(series, "echoless_refusals_total", code="invalid_api_key") == 1
    assert value(series, "echoless_refusals_total", code="quota_exceeded") == 1
    kind = {"product": "text_to_speech", "mode": "zero"}
    name = "echoless_request_duration_seconds"
    assert value(series, f"{name}_bucket", le="0.25", **kind) == 0
    assert value(series, f"{name}_bucket", le="0.5", **kind) == 1
    assert value(series, f"{name}_bucket", le="+Inf", **kind) == value(series, f"{name}_count", **kind) == 1
    assert value(series, f"{name}_sum", **kind) == pytest.approx(0.3)
    assert value(series, "echoless_open_requests") == 1
    assert value(series, "echoless_running_generations") == 1


async def test_a_gateway_that_dies_leaves_its_requests_counted(vault: Vault, gateway: GatewayDouble) -> None:
    async with GatewayDouble.connected(vault) as other:
        granted = await other.open()
        await other.reserve(granted, 5, UnitsReserved)
    series = series_of(await scrape(gateway))
    kind = {"product": "text_to_speech", "mode": "default"}
    assert value(series, "echoless_requests_total", code_class="client_left", **kind) == 1


async def test_metrics_are_asked_for_without_a_ticket_and_hold_no_place(gateway: GatewayDouble) -> None:
    series = series_of(await scrape(gateway))
    assert value(series, "echoless_open_requests") == 0


async def test_processes_and_confinement_are_as_the_supervisor_said(vault: Vault, gateway: GatewayDouble) -> None:
    vault.watch.note_processes(ProcessCounts({"vault": 1, "engine": 2}, {"engine": 3, CANARY: 9}))
    vault.host.missing = frozenset({"swap_on", "channel_open:udp", f"{CANARY}:x"})
    page = await scrape(gateway)
    series = series_of(page)
    assert value(series, "echoless_processes_ready", role="engine") == 2
    assert value(series, "echoless_processes_ready", role="gateway") == 0
    assert value(series, "echoless_process_restarts_total", role="engine") == 3
    assert value(series, "echoless_zero_retention_available") == 0
    lacking = {
        dict(labels)["property"] for (name, labels), on in series.items() if "missing_property" in name and on
    }
    assert lacking == {"swap_on", "channel_open", OTHER_FAMILY}
    assert CANARY.encode() not in page


@pytest.mark.parametrize(("backup_unix", "age_s"), [(400, 600.0), (1000, 0.0), (2000, 0.0)])
def test_the_age_of_a_backup_is_never_negative(backup_unix: int, age_s: float) -> None:
    pages = MetricsPages("1", Tally(), lambda: readings(backup_unix=backup_unix))
    assert value(series_of(pages.page()), "echoless_backup_age_seconds") == age_s


def test_a_backup_that_failed_is_shown() -> None:
    pages = MetricsPages("1", Tally(), lambda: readings(backup_unix=900, is_backup_failing=True, shred_pending_s=3))
    series = series_of(pages.page())
    assert value(series, "echoless_backup_failing") == 1
    assert value(series, "echoless_backup_shred_pending_seconds") == 3


def test_without_a_backup_its_age_is_no_number() -> None:
    pages = MetricsPages("1", Tally(), readings)
    assert math.isnan(value(series_of(pages.page()), "echoless_backup_age_seconds"))


def test_lag_notices_and_a_failing_store_are_shown() -> None:
    now = readings(schedule_lag_s={Kept.DEBUG_LOG: 7}, notices_pending=4, notices_given_up=2, is_store_failing=True)
    series = series_of(MetricsPages("1", Tally(), lambda: now).page())
    assert value(series, "echoless_schedule_lag_seconds", **{"class": "debug_log"}) == 7
    assert value(series, "echoless_notices_pending") == 4
    assert value(series, "echoless_store_failing") == 1
    assert value(series, "echoless_schedule_lag_seconds", **{"class": "history"}) == 0
    assert value(series, "echoless_notices_given_up") == 2


def test_proofs_are_shown_with_the_same_numbers_as_in_the_live_view() -> None:
    weak = msgspec.structs.replace(WALLED, role="gateway", seccomp_mode=0)
    view = msgspec.structs.replace(
        VIEW, processes=[WALLED, weak, msgspec.structs.replace(weak, seccomp_mode=2)], receipts_lost=4,
        audit_unix=120, audit_verdict="failed",
    )  # fmt: skip
    series = series_of(MetricsPages("1", Tally(), lambda: readings(proofs=view)).page())
    assert value(series, "echoless_receipts_total", mode="zero") == 9
    assert value(series, "echoless_receipts_lost_total") == 4
    assert value(series, "echoless_capsules_total") == 1
    assert value(series, "echoless_walled", role="engine") == 1
    assert value(series, "echoless_walled", role="gateway") == 0
    assert math.isnan(value(series, "echoless_walled", role="live"))
    assert value(series, "echoless_log_entries") == 10
    assert value(series, "echoless_last_audit_timestamp_seconds") == 120
    assert value(series, "echoless_last_audit_passed") == 0


def test_before_an_audit_its_time_and_verdict_are_no_numbers() -> None:
    series = series_of(MetricsPages("1", Tally(), readings).page())
    assert math.isnan(value(series, "echoless_last_audit_timestamp_seconds"))
    assert math.isnan(value(series, "echoless_last_audit_passed"))


def test_every_process_that_the_supervisor_starts_has_its_series() -> None:
    assert set(PROCESS_ROLES) == {role.value for role in Role} <= {peer.value for peer in Peer}


def test_every_property_that_can_be_missing_has_its_family() -> None:
    """Each code in the source of the decision, whole or before its colon."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(properties))):
        if isinstance(node, ast.Yield):
            first = node.value.values[0] if isinstance(node.value, ast.JoinedStr) else node.value
            if isinstance(first, ast.Constant):
                found.add(str(first.value))
    assert len(found) > 10
    families = {code.partition(":")[0] for code in found} - {"channel_"}
    assert families <= set(PROPERTY_FAMILIES)
    assert family_of("channel_open:udp") == "channel_open"
    assert family_of("channel_unproved:udp") == "channel_unproved"


async def test_a_close_that_nobody_asked_for_is_counted_once(gateway: GatewayDouble) -> None:
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.ask(closing(), TicketClosed, granted.ticket_id)
    await gateway.ask(closing(), Refused, granted.ticket_id)
    series = series_of(await scrape(gateway))
    counted = [count for (name, _), count in series.items() if name == "echoless_requests_total" and count]
    assert counted == [1.0]
