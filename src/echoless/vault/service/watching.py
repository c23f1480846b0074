"""What is asked about the vault itself, by whoever watches the server: without a ticket, and of no request."""

from __future__ import annotations

from typing import Protocol

from echoless import __version__
from echoless.core.clock import Clock
from echoless.crossing.operations_records import AskReadiness, MetricsPage, ProcessCounts, Readiness, ReadMetrics
from echoless.vault.backups.schedule import BackupStanding
from echoless.vault.erasure.jobs import Jobs
from echoless.vault.erasure.schedule import Schedule
from echoless.vault.intake.desk import IntakeDesk
from echoless.vault.intake.granting import HostStanding
from echoless.vault.notices.outbox import Outbox
from echoless.vault.service.metrics import MetricsPages, Readings
from echoless.vault.service.overview import Overview
from echoless.vault.stores.writer import Writer


class BackupStandings(Protocol):
    """Whoever takes backups."""

    @property
    def standing(self) -> BackupStanding:
        """Where they stand, as of the last look."""
        ...


class Watch:
    """Answers from what the parts of the vault show of themselves.

    backups: where backups stand; None while there are none
    """

    def __init__(
        self,
        *,
        overview: Overview,
        intake: IntakeDesk,
        writer: Writer,
        host: HostStanding,
        schedule: Schedule,
        jobs: Jobs,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._overview = overview
        self._intake = intake
        self._writer = writer
        self._host = host
        self._schedule = schedule
        self._jobs = jobs
        self._outbox = outbox
        self._clock = clock
        self._pages = MetricsPages(__version__, intake.tally, self._readings)
        self.backups: BackupStandings | None = None

    def note_processes(self, counts: ProcessCounts) -> None:
        """Take what the supervisor says of its processes."""
        self._pages.processes = counts

    def answer(self, record: AskReadiness | ReadMetrics) -> Readiness | MetricsPage:
        """Answer one question."""
        if isinstance(record, ReadMetrics):
            return MetricsPage(self._pages.page())
        return Readiness(
            is_starting=self._host.is_starting, is_store_failing=self._writer.is_failing,
            is_confined=self._host.is_confined,
        )  # fmt: skip

    def _readings(self) -> Readings:
        intake, writer = self._intake, self._writer
        backups = self.backups.standing if self.backups is not None else None
        return Readings(
            now_unix=self._clock.unix_ms() // 1000,
            proofs=self._overview.view(),
            open_requests=len(intake.tickets),
            running=intake.running_count,
            waiting=intake.waiting_count,
            refused_content=intake.refused_content_count,
            is_store_failing=writer.is_failing,
            pending_bytes=writer.pending_segment_bytes,
            is_confined=self._host.is_confined,
            missing=self._host.missing,
            schedule_lag_s={kept: self._schedule.lag_of(kept) for kept in self._schedule.lives},
            jobs_pending=self._jobs.pending_count,
            jobs_lag_s=self._jobs.lag_s(),
            notices_pending=self._outbox.pending_count,
            notices_given_up=self._outbox.given_up_count,
            backup_unix=(backups.last_unix or None) if backups is not None else None,
            is_backup_failing=backups is not None and backups.failure_unix > 0,
            shred_pending_s=backups.pending_shred_s if backups is not None else 0,
        )
