"""What takes things away, and the logs that it takes away by their age, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.control import VaultConfig
from echoless.crossing.records import Record
from echoless.vault.erasure.bulk import BulkEraser
from echoless.vault.erasure.items import Eraser
from echoless.vault.erasure.jobs import Jobs
from echoless.vault.erasure.lives import Lives, ageing_classes
from echoless.vault.erasure.schedule import Schedule
from echoless.vault.queries.deletions import DeletionQueries
from echoless.vault.queries.logs import Act, ChangeWorkspace, LogQueries
from echoless.vault.stores.log_entries import LogBook, LogName
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage


@dataclass(frozen=True, slots=True)
class Erasing:
    """The parts."""

    jobs: Jobs
    eraser: Eraser
    bulk: BulkEraser
    schedule: Schedule
    book: LogBook
    logs: LogQueries
    deletions: DeletionQueries

    @classmethod
    def of(
        cls, storage: Storage, config: VaultConfig, clock: Clock, journal: Journal, *,
        recent: RecentRequests, change: ChangeWorkspace,
    ) -> Erasing:  # fmt: skip
        """Put them together.

        recent: what is forgotten of deleted items
        change: who changes workspaces
        """
        jobs = Jobs(storage, clock, journal)
        eraser = Eraser(storage, recent, clock, journal)
        bulk = BulkEraser(storage, eraser, jobs, clock)
        days = Lives(
            config.history_days, config.request_log_days, config.debug_log_days, config.moderation_log_days
        )
        schedule = Schedule(storage, recent, jobs, journal, ageing_classes(storage, recent, days))
        lives = {LogName.DEBUG: config.debug_log_days, LogName.MODERATION: config.moderation_log_days}
        # Entries are stamped by the clock that deletions go by: a jump of the other gives none a longer life.
        book = LogBook(storage.writer, storage.keyring, jobs.steady, lives)
        logs = LogQueries(storage, schedule, clock, change)
        return cls(jobs, eraser, bulk, schedule, book, logs, DeletionQueries(storage.accounts, bulk))

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {**self.logs.acts(), **self.deletions.acts()}

    async def load(self) -> None:
        """Take over the jobs that an earlier process left, and see that each class that ages has its own."""
        await self.jobs.load()
        await self.schedule.open()
