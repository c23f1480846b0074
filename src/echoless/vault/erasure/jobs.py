"""(9) Durable jobs: work that is longer than a question, or that has its hour, and that a killed process resumes.

A job is a row. It runs in bounded steps, and between two of them the vault serves: a step is one turn of the
writer's thread or a few. After each step its cursor is committed, so a step may run twice and must then change
nothing. What fails is tried again, later and later, for ever: an erasure may be late, never forgotten. There is no
lower bound to how long a job has been due.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.ids import new_opaque_id
from echoless.core.journal import Event, Journal, where
from echoless.vault.erasure.steady import SteadyClock
from echoless.vault.stores.jobs import Job, JobState, find_job, job_row, unfinished_jobs
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Row, Write

LOOK_S: Final = 30.0
"""How often the due times are looked at again, whatever the clock did meanwhile."""
_RETRY_S_MAX: Final = 3600.0
_DOUBLINGS_MAX: Final = 12
_BACKWARDS_MS: Final = 60 * 1000
_PUSHED_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step brought.

    cursor:      where the next step begins
    done_count:  how many more are done
    is_done:     nothing is left
    total_count: how many there are in all, where the step learned it
    again_ms:    of a job that repeats: when it begins anew
    """

    cursor: str = ""
    done_count: int = 0
    is_done: bool = False
    total_count: int | None = None
    again_ms: int | None = None


Step = Callable[[Job], Awaitable[Progress]]


class Jobs:
    """Runs the jobs of one vault. Kinds are registered before `load`."""

    def __init__(self, storage: Storage, clock: Clock, journal: Journal) -> None:
        self._storage = storage
        self._clock = clock
        self._journal = journal
        self._steps: dict[str, Step] = {}
        self._waiting: dict[str, Job] = {}
        self._running: set[str] = set()
        # Of jobs that failed: how often, and when they are tried again, on the clock that never goes back.
        self._failed: dict[str, tuple[int, float]] = {}
        self._wake = asyncio.Event()
        self.steady = SteadyClock(clock)

    def register(self, kind: str, step: Step) -> None:
        """Say who takes the steps of a kind.

        step: takes the job as it is now and returns what it brought; raises EcholessError to be tried again later
        """
        assert kind not in self._steps, "one kind of job has one step"
        self._steps[kind] = step

    async def load(self) -> None:
        """Take over what an earlier process left."""
        for job in await self._storage.writer.run(unfinished_jobs):
            self._waiting[job.job_id] = job

    async def begin(
        self,
        kind: str,
        workspace_id: str,
        *,
        facts: Mapping[str, str | int | Sequence[str]] | None = None,
        total_count: int = 0,
        wait_ms: int = 0,
        job_id: str = "",
        beside: Iterable[tuple[Write, Row]] = (),
    ) -> Job:
        """Commit a new job, with other rows in the same transaction, and return it; it runs soon.

        facts:  ids, codes, times that the steps need; never content
        job_id: of a job that exists once at most; where it exists it is returned as it is
        raises: EcholessError(INTERNAL_ERROR) when nothing was committed
        """
        assert kind in self._steps, "a job needs somebody who takes its steps"
        if job_id in self._waiting:
            return self._waiting[job_id]
        now_ms = self.steady.unix_ms()
        job = Job(
            job_id=job_id or new_opaque_id(), kind=kind, workspace_id=workspace_id, created_ms=now_ms,
            set_ms=now_ms, due_ms=now_ms + wait_ms, facts=dict(facts or {}), total_count=total_count,
        )  # fmt: skip
        await self._storage.writer.now(*beside, (Write.JOB, job_row(job)))
        self._waiting[job.job_id] = job
        self._wake.set()
        return job

    async def cancel(self, job_id: str, *beside: tuple[Write, Row]) -> bool:
        """End a job that has not begun, such as a deletion that its owner took back; False where there is none."""
        job = self._waiting.get(job_id)
        if job is None or job_id in self._running or job.cursor or job.done_count:
            return False
        await self._end(job, *beside)
        return True

    def forget_workspace(self, workspace_id: str) -> None:
        """Drop the jobs of a workspace that is being deleted; their rows go with all its rows."""
        for job_id in [job_id for job_id, job in self._waiting.items() if job.workspace_id == workspace_id]:
            del self._waiting[job_id]
            self._failed.pop(job_id, None)

    async def find(self, workspace_id: str, job_id: str) -> Job | None:
        """Return a job of a workspace, ended or not."""
        job = self._waiting.get(job_id)
        if job is not None and job.workspace_id == workspace_id:
            return job
        return await self._storage.read(lambda reader: find_job(reader.vault, workspace_id, job_id))

    def waiting(self, kind: str, workspace_id: str | None = None) -> list[Job]:
        """Return the jobs of a kind that have not ended, of one workspace or of all."""
        of_kind = (job for job in self._waiting.values() if job.kind == kind)
        return [job for job in of_kind if workspace_id in {None, job.workspace_id}]

    @property
    def pending_count(self) -> int:
        """How many jobs are due and not done."""
        return sum(self._is_due(job) for job in self._waiting.values())

    def lag_s(self, kind: str | None = None) -> int:
        """Return for how long the job that is due the longest has been due; 0 where none is."""
        now_ms = self.steady.unix_ms()
        waits = (now_ms - job.due_ms for job in self._waiting.values() if kind in {None, job.kind})
        return max(0, *waits, 0) // 1000

    def hasten(self, job_id: str) -> None:
        """Make a job due now, without writing that down."""
        job = self._waiting[job_id]
        now_ms = self.steady.unix_ms()
        self._waiting[job_id] = replace(job, set_ms=min(job.set_ms, now_ms), due_ms=min(job.due_ms, now_ms))

    async def run_for_ever(self) -> None:
        """Run what is due, and wait for what is not."""
        while True:
            self._wake.clear()
            await self.run_due()
            # Not wait_for: it may swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s()):
                    await self._wake.wait()

    async def run_due(self) -> int:
        """Run until nothing is due; return how many steps it took. Jobs take turns, one step each."""
        count = 0
        while due := [job_id for job_id, job in tuple(self._waiting.items()) if self._is_due(job)]:
            taken = 0
            for job_id in due:
                taken += await self._run_step(job_id)
            count += taken
            if not taken:
                # Somebody pushes what is left: let them.
                await asyncio.sleep(_PUSHED_S)
        return count

    async def push(self, job_id: str, step_count: int) -> None:
        """Take some steps of one job at once, if it is due and nobody takes them already."""
        for _ in range(step_count):
            job = self._waiting.get(job_id)
            if job is None or job_id in self._running or not self._is_due(job):
                return
            await self._run_step(job_id)

    # --- inner ---

    def _pause_s(self) -> float:
        now_ms = self.steady.unix_ms()
        waits = (
            max((job.due_ms - now_ms) / 1000, self._rest_s(job), 0.0)
            for job in self._waiting.values()
            if job.kind in self._steps
        )
        return min(LOOK_S, *waits, LOOK_S)

    def _rest_s(self, job: Job) -> float:
        """Return for how long a job that failed is left alone."""
        return self._failed.get(job.job_id, (0, 0.0))[1] - self._clock.monotonic_s()

    def _is_due(self, job: Job) -> bool:
        if job.kind not in self._steps or self._rest_s(job) > 0:
            return False
        return self._counted_anew(job).due_ms <= self.steady.unix_ms()

    def _counted_anew(self, job: Job) -> Job:
        """Return a job whose wait was set by a clock that has gone back since: it waits from now on as long."""
        now_ms = self.steady.unix_ms()
        if job.set_ms <= now_ms + _BACKWARDS_MS:
            return job
        counted = replace(job, set_ms=now_ms, due_ms=now_ms + job.due_ms - job.set_ms)
        self._waiting[job.job_id] = counted
        return counted

    async def _run_step(self, job_id: str) -> int:
        job = self._waiting.get(job_id)
        if job is None or job_id in self._running:
            return 0
        self._running.add(job_id)
        try:
            await self._note(job, await self._steps[job.kind](job))
        except EcholessError as error:
            self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.erasure.jobs")
            self._put_off(job)
        except Exception as error:
            # A mistake in one kind of job must not stop the others, nor this one for ever.
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            self._put_off(job)
        finally:
            self._running.discard(job_id)
        return 1

    async def _note(self, job: Job, progress: Progress) -> None:
        """Commit what a step brought, unless its workspace was deleted meanwhile."""
        if job.job_id not in self._waiting:
            return
        total = job.total_count if progress.total_count is None else progress.total_count
        done = job.done_count + progress.done_count
        moved = replace(job, cursor=progress.cursor, done_count=done, total_count=total)
        self._failed.pop(job.job_id, None)
        if not progress.is_done:
            await self._put(moved)
        elif progress.again_ms is None:
            await self._end(moved)
        else:
            now_ms = self.steady.unix_ms()
            await self._put(replace(moved, cursor="", set_ms=now_ms, due_ms=progress.again_ms))

    async def _put(self, job: Job) -> None:
        await self._storage.writer.now((Write.JOB, job_row(job)))
        self._waiting[job.job_id] = job

    async def _end(self, job: Job, *beside: tuple[Write, Row]) -> None:
        ended = replace(job, state=JobState.DONE, ended_ms=self.steady.unix_ms())
        await self._storage.writer.now(*beside, (Write.JOB, job_row(ended)))
        del self._waiting[job.job_id]
        self._failed.pop(job.job_id, None)

    def _put_off(self, job: Job) -> None:
        """Try again later: after 1 s, 2 s, 4 s ... an hour. Not written down: a new process tries at once.

        It stays due since it became due, so its lag says for how long it has been failing.
        """
        failures = self._failed.get(job.job_id, (0, 0.0))[0]
        wait_s = min(2.0 ** min(failures, _DOUBLINGS_MAX), _RETRY_S_MAX)
        self._failed[job.job_id] = (failures + 1, self._clock.monotonic_s() + wait_s)
