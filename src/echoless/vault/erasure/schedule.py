"""(9) What time takes away: each class of what is kept by its own life, each by a durable job of its own.

There is no lower bound to the age that is deleted: a schedule that slept for a year catches up, in bounded steps
between which the vault serves. A clock that jumps ahead is not believed before it has held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from echoless.core.journal import Event, Journal
from echoless.retention.schedule import Kept, ended_before_ms
from echoless.vault.erasure.jobs import Jobs, Progress
from echoless.vault.stores.jobs import Job
from echoless.vault.stores.migration import drop_copies, drop_old_copies
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

PERIOD_MS: Final = 3600 * 1000
_NOBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Ageing:
    """One class with its life, and the two steps that know its table. Times in milliseconds.

    days:   as in `retention.schedule`; -1 for ever
    delete: deletes a bounded number of what ended before a time, and returns how many
    oldest: returns when the oldest ended, or None
    """

    kept: Kept
    days: int
    delete: Callable[[Connections, int], int]
    oldest: Callable[[Connections], int | None]


class Schedule:
    """Deletes by age.

    lags_s: of each class, by how much the oldest had outlived its time when its job last looked; 0 when it had not
    """

    def __init__(
        self, storage: Storage, recent: RecentRequests, jobs: Jobs, journal: Journal, classes: Sequence[Ageing]
    ) -> None:
        self._storage = storage
        self._recent = recent
        self._jobs = jobs
        self._journal = journal
        self._classes = {ageing.kept: ageing for ageing in classes}
        self.lags_s: dict[Kept, int] = dict.fromkeys(self._classes, 0)
        for ageing in classes:
            jobs.register(_kind(ageing.kept), partial(self._step, ageing))

    async def open(self) -> None:
        """See that each class has its job, and make them all due now: the server may have been off for long."""
        for kept in self._classes:
            await self._jobs.begin(_kind(kept), _NOBODY, job_id=_kind(kept))
            self._jobs.hasten(_kind(kept))

    @property
    def lives(self) -> Mapping[Kept, int]:
        """The days of each class."""
        return {kept: ageing.days for kept, ageing in self._classes.items()}

    @property
    def lag_s(self) -> int:
        """The longest lag of any class, also where a job fails or does not get its turn."""
        return max(self.lag_of(kept) for kept in self._classes)

    def lag_of(self, kept: Kept) -> int:
        """Return by how many seconds a class is behind its schedule."""
        return max(self.lags_s[kept], self._jobs.lag_s(_kind(kept)))

    async def run_once(self) -> dict[Kept, int]:
        """Delete all that is due now; return how much of each class."""
        deleted = {}
        for kept, ageing in self._classes.items():
            deleted[kept] = 0
            while count := await self._delete(ageing):
                deleted[kept] += count
        return deleted

    # --- inner ---

    async def _step(self, ageing: Ageing, _job: Job) -> Progress:
        count = await self._delete(ageing)
        if count:
            return Progress(done_count=count)
        return Progress(is_done=True, again_ms=self._jobs.steady.unix_ms() + PERIOD_MS)

    async def _delete(self, ageing: Ageing) -> int:
        """Delete a bounded number of what is due; return how many."""
        self._recent.forget_old()
        await self._storage.writer.run(lambda _: drop_old_copies(self._storage.directory, self._jobs.steady))
        before_ms = ended_before_ms(ageing.days, self._jobs.steady.unix_ms())
        if before_ms is None:
            return 0
        await self._storage.writer.flush()
        oldest_ms = await self._storage.writer.run(ageing.oldest)
        lag_s = max(0, before_ms - 1 - oldest_ms) // 1000 if oldest_ms is not None else 0
        self.lags_s[ageing.kept] = lag_s
        if oldest_ms is None or oldest_ms >= before_ms:
            return 0
        deleted = await self._storage.writer.run(lambda connections: ageing.delete(connections, before_ms))
        if deleted:
            # What has had its days must not live on in a copy from before an update.
            await self._storage.writer.run(lambda _: drop_copies(self._storage.directory))
            self._journal.say(Event.SWEPT, kept=ageing.kept.value, count=deleted, lag_s=lag_s)
        return deleted


def _kind(kept: Kept) -> str:
    return f"expire.{kept.value}"
