"""The numbers of the server, for Prometheus.

One registry in one process: gateways and engines keep no numbers of their own, the vault counts what it sees of
tickets, and the supervisor tells it of processes. Every label has a closed set of values, and every series is there
from the first scrape on, so nothing that a client sends can become a label, nor the number of series grow.
source: Prometheus, text exposition format 0.0.4
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from echoless.confinement.properties import PROPERTY_FAMILIES, family_of
from echoless.crossing.operations_records import ProcessCounts
from echoless.crossing.watch_records import WatchView
from echoless.retention.decision import RetentionMode
from echoless.retention.schedule import Kept
from echoless.vault.intake.tally import DURATION_BOUNDS_S, Durations, Tally

PROCESS_ROLES: Final = ("vault", "engine", "media", "live", "egress", "courier", "gateway")
NO_PROCESSES: Final = ProcessCounts({}, {})


@dataclass(frozen=True, slots=True)
class Readings:
    """What is read at each scrape and counted by nobody.

    proofs:           receipts, walls, the log and the last audit, as the live view has them
    schedule_lag_s:   by class, by how much the oldest thing outlived its time
    backup_unix:      when the newest backup was taken; None where there is none
    is_backup_failing: the last attempt came to nothing
    shred_pending_s:  for how long destroyed keys have been in an archive that is to forget them at once
    jobs_*:           durable jobs that are due and not done, and for how long the oldest of them has been
    notices_*:        that have not arrived yet, and that never will
    missing:          codes of the properties that zero retention needs and some process lacks
    """

    now_unix: int
    proofs: WatchView
    open_requests: int
    running: int
    waiting: int
    refused_content: int
    is_store_failing: bool
    pending_bytes: int
    is_confined: bool
    missing: frozenset[str]
    schedule_lag_s: Mapping[Kept, int] = field(default_factory=dict)
    jobs_pending: int = 0
    jobs_lag_s: int = 0
    backup_unix: int | None = None
    is_backup_failing: bool = False
    shred_pending_s: int = 0
    notices_pending: int = 0
    notices_given_up: int = 0


class MetricsPages(Collector):
    """Makes a page whenever it is asked for.

    version:  of the program
    readings: called at each scrape, in the vault's loop
    """

    def __init__(self, version: str, tally: Tally, readings: Callable[[], Readings]) -> None:
        self._version = version
        self._tally = tally
        self._readings = readings
        self.processes = NO_PROCESSES
        # A registry of our own: the common one would add the interpreter and the machine.
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def page(self) -> bytes:
        """Return all numbers as text."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are not looked for before the first scrape."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every family, each with all its series."""
        now = self._readings()
        yield _gauge("echoless_build_info", "The program; always 1.", "version", {self._version: 1})
        yield from self._requests()
        yield from _load(now)
        yield from self._processes()
        yield from _confinement(now)
        yield from _proving(now.proofs)
        yield from _keeping(now)

    def _requests(self) -> Iterator[Metric]:
        tally = self._tally
        counts = CounterMetricFamily(
            "echoless_requests", "Requests that ended, but those without a credential.",
            labels=("product", "mode", "code_class"),
        )  # fmt: skip
        for (product, mode, code_class), count in tally.requests.items():
            counts.add_metric((product.value, mode.value, code_class), count)
        yield counts
        lasted = HistogramMetricFamily(
            "echoless_request_duration_seconds", "From ticket to end, of requests that got a ticket.",
            labels=("product", "mode"),
        )  # fmt: skip
        for (product, mode), durations in tally.durations.items():
            lasted.add_metric((product.value, mode.value), _buckets(durations), durations.sum_s)
        yield lasted
        refusals = CounterMetricFamily(
            "echoless_refusals", "The vault's refusals, of requests and of units, by error code.", labels=("code",)
        )
        for code, count in tally.refusals.items():
            refusals.add_metric((code,), count)
        yield refusals

    def _processes(self) -> Iterator[Metric]:
        counts = self.processes
        ready = {role: counts.ready.get(role, 0) for role in PROCESS_ROLES}
        yield _gauge("echoless_processes_ready", "Processes that serve.", "role", ready)
        restarts = CounterMetricFamily(
            "echoless_process_restarts", "Processes started in place of one that ended by itself.", labels=("role",)
        )
        for role in PROCESS_ROLES:
            restarts.add_metric((role,), counts.restarts.get(role, 0))
        yield restarts


def _load(now: Readings) -> Iterator[Metric]:
    yield _number("echoless_open_requests", "Requests with an open ticket.", now.open_requests)
    yield _number("echoless_running_generations", "Generations that hold a place.", now.running)
    yield _number("echoless_waiting_requests", "Requests in the queue for a place.", now.waiting)


def _confinement(now: Readings) -> Iterator[Metric]:
    yield _number("echoless_zero_retention_available", "Whether the host allows zero retention.", now.is_confined)
    lacking = {family_of(code) for code in now.missing}
    yield _gauge(
        "echoless_missing_property", "Whether some process lacks a property that zero retention needs.",
        "property", {family: int(family in lacking) for family in PROPERTY_FAMILIES},
    )  # fmt: skip
    refused = CounterMetricFamily(
        "echoless_refused_content_frames", "Frames of content that the vault refused unread.",
        value=now.refused_content,
    )  # fmt: skip
    yield refused


def _proving(proofs: WatchView) -> Iterator[Metric]:
    receipts = CounterMetricFamily("echoless_receipts", "Receipts that were signed.", labels=("mode",))
    for mode in RetentionMode:
        receipts.add_metric((mode.value,), proofs.receipts.get(mode.value, 0))
    yield receipts
    yield _number("echoless_receipts_pending", "Receipts that are to be signed.", proofs.receipts_pending)
    yield CounterMetricFamily("echoless_receipts_lost", "Requests without a receipt.", value=proofs.receipts_lost)
    yield CounterMetricFamily("echoless_capsules", "Sealed diagnoses that went out.", value=proofs.capsules)
    walled = {role: [one.is_walled for one in proofs.processes if one.role == role] for role in PROCESS_ROLES}
    yield _gauge(
        "echoless_walled", "Whether every process of a role is seen behind its wall; NaN where there is none.",
        "role", {role: float(all(found)) if found else float("nan") for role, found in walled.items()},
    )  # fmt: skip
    yield _number("echoless_log_entries", "Entries of the transparency log.", proofs.log_size)
    has_audit = proofs.audit_unix > 0
    yield _number(
        "echoless_last_audit_timestamp_seconds", "When an audit was last entered since the start; NaN before.",
        proofs.audit_unix if has_audit else float("nan"),
    )  # fmt: skip
    passed = float(proofs.audit_verdict == "passed") if has_audit else float("nan")
    yield _number("echoless_last_audit_passed", "Whether it passed; NaN before.", passed)


def _keeping(now: Readings) -> Iterator[Metric]:
    yield _number("echoless_store_failing", "Whether nothing can be written.", now.is_store_failing)
    yield _number("echoless_store_pending_bytes", "Content that waits to be written.", now.pending_bytes)
    lags = {kept.value: now.schedule_lag_s.get(kept, 0) for kept in Kept}
    yield _gauge(
        "echoless_schedule_lag_seconds", "By how much the oldest thing of a class outlived its time.",
        "class", lags,
    )  # fmt: skip
    yield _number("echoless_jobs_pending", "Durable jobs that are due and not done.", now.jobs_pending)
    yield _number("echoless_jobs_lag_seconds", "For how long the oldest such job has been due.", now.jobs_lag_s)
    age_s = float("nan") if now.backup_unix is None else max(0, now.now_unix - now.backup_unix)
    yield _number("echoless_backup_age_seconds", "Age of the newest backup; NaN where there is none.", age_s)
    yield _number("echoless_backup_failing", "Whether the last attempt came to nothing.", now.is_backup_failing)
    yield _number(
        "echoless_backup_shred_pending_seconds", "For how long destroyed keys are still in an archive.",
        now.shred_pending_s,
    )  # fmt: skip
    yield _number("echoless_notices_pending", "Notices that have not arrived yet.", now.notices_pending)
    yield _number("echoless_notices_given_up", "Notices that never will.", now.notices_given_up)


def _number(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=float(value))


def _gauge(name: str, what: str, label: str, series: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=(label,))
    for label_value, value in series.items():
        family.add_metric((label_value,), value)
    return family


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Return cumulated counts by upper bound, as the text format wants them."""
    bounds = [*(str(bound) for bound in DURATION_BOUNDS_S), "+Inf"]
    total, buckets = 0, []
    for bound, count in zip(bounds, durations.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets
