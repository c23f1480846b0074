"""Work that outlives the process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.vault.erasure.jobs import Jobs, Progress
from echoless.vault.stores.jobs import Job, JobState
from echoless.vault.stores.storage import Storage, open_storage
from echoless.vault.stores.trail import audit_row
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
KIND = "test.count"
DAY_MS = 86_400_000


class Counter:
    """Counts to a total, one a step; `failures` steps fail first."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.seen: list[str] = []
        self.failures = failures
        self.error = error or EcholessError(ErrorCode.INTERNAL_ERROR, "the disk is full")

    async def step(self, job: Job) -> Progress:
        self.seen.append(f"{job.job_id}:{job.cursor}")
        if self.failures:
            self.failures -= 1
            raise self.error
        number = int(job.cursor or "0") + 1
        return Progress(str(number), 1, is_done=number == job.facts["to"])


def jobs_of(storage: Storage, clock: TurnedClock, journal: MemoryJournal, counter: Counter) -> Jobs:
    jobs = Jobs(storage, clock, journal)
    jobs.register(KIND, counter.step)
    return jobs


async def test_jobs_take_turns_and_end_as_rows_that_say_how_much_was_done(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    counter = Counter()
    jobs = jobs_of(storage, clock, journal, counter)
    first = await jobs.begin(KIND, "w", facts={"to": 3}, total_count=3, job_id="a")
    await jobs.begin(KIND, "w", facts={"to": 1}, job_id="b")
    assert await jobs.begin(KIND, "w", facts={"to": 9}, job_id="a") == first, "one job of an id"
    assert jobs.pending_count == 2
    assert await jobs.run_due() == 4
    assert counter.seen == ["a:", "b:", "a:1", "a:2"]
    found = await jobs.find("w", "a")
    assert found is not None
    assert (found.state, found.done_count, found.total_count) == (JobState.DONE, 3, 3)
    assert await jobs.find("other workspace", "a") is None
    assert (jobs.pending_count, jobs.lag_s()) == (0, 0)


async def test_a_new_process_goes_on_where_the_last_commit_was(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """A process that is killed in its third step has done two; the third runs again."""

    class Killed(BaseException):
        pass

    storage = await open_storage(tmp_path / "data", "process", clock, journal)
    counter = Counter()
    jobs = jobs_of(storage, clock, journal, counter)
    job = await jobs.begin(KIND, "w", facts={"to": 4})

    async def die_at_the_third(job: Job) -> Progress:
        if job.cursor == "2":
            raise Killed
        return await counter.step(job)

    jobs._steps[KIND] = die_at_the_third
    with pytest.raises(Killed):
        await jobs.run_due()
    await storage.close()
    storage = await open_storage(tmp_path / "data", "process", clock, journal)
    again = Counter()
    jobs = jobs_of(storage, clock, journal, again)
    await jobs.load()
    assert await jobs.run_due() == 2
    assert again.seen == [f"{job.job_id}:2", f"{job.job_id}:3"]
    await storage.close()


async def test_a_job_that_has_its_hour_waits_for_it_and_lags_from_then_on(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """T40: however long it has been due, it runs."""
    jobs = jobs_of(storage, clock, journal, Counter())
    await jobs.begin(KIND, "w", facts={"to": 1}, wait_ms=DAY_MS)
    clock.turn(86_399)
    assert (await jobs.run_due(), jobs.lag_s(), jobs.pending_count) == (0, 0, 0)
    clock.turn(1 + 10 * 365 * 86_400)
    assert (jobs.lag_s(), jobs.lag_s("another kind"), jobs.pending_count) == (10 * 365 * 86_400, 0, 1)
    assert await jobs.run_due() == 1


@pytest.mark.parametrize("error", [EcholessError(ErrorCode.INTERNAL_ERROR, "the disk is full"), KeyError("a bug")])
async def test_what_fails_is_said_and_tried_again_later_and_later(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal, error: Exception
) -> None:
    jobs = jobs_of(storage, clock, journal, Counter(failures=3, error=error))
    await jobs.begin(KIND, "w", facts={"to": 1})
    for wait_s in (1, 2, 4):
        assert await jobs.run_due() == 1
        clock.turn(wait_s - 0.5)
        assert await jobs.run_due() == 0
        clock.turn(0.5)
    assert await jobs.run_due() == 1
    assert jobs.waiting(KIND) == []
    assert sum(event is Event.UNEXPECTED_ERROR for event, _ in journal.events) == 3


async def test_a_clock_that_went_back_does_not_make_a_job_wait_for_years(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    clock.now_ms += 5 * 365 * DAY_MS
    jobs = jobs_of(storage, clock, journal, Counter())
    await jobs.begin(KIND, "w", facts={"to": 1}, wait_ms=DAY_MS)
    clock.now_ms -= 5 * 365 * DAY_MS
    assert await jobs.run_due() == 0
    clock.turn(86_400)
    assert await jobs.run_due() == 1


async def test_a_clock_that_jumped_ahead_for_a_moment_starts_nothing(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    jobs = jobs_of(storage, clock, journal, Counter())
    await jobs.begin(KIND, "w", facts={"to": 1}, wait_ms=30 * DAY_MS)
    clock.now_ms += 365 * DAY_MS
    assert await jobs.run_due() == 0
    clock.now_ms -= 365 * DAY_MS
    clock.turn(3600)
    assert await jobs.run_due() == 0


async def test_a_job_that_repeats_is_one_row_and_waits_for_its_next_hour(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    jobs = Jobs(storage, clock, journal)
    ran: list[int] = []

    async def step(_job: Job) -> Progress:
        ran.append(clock.now_ms)
        return Progress(done_count=1, is_done=True, again_ms=clock.now_ms + 3_600_000)

    jobs.register(KIND, step)
    await jobs.begin(KIND, "w", job_id="hourly")
    for _ in range(3):
        await jobs.run_due()
        clock.turn(3600)
    assert len(ran) == 3
    found = await jobs.find("w", "hourly")
    assert found is not None
    assert (found.state, found.done_count) == (JobState.WAITING, 3)


async def test_what_has_not_begun_can_be_taken_back(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    jobs = jobs_of(storage, clock, journal, Counter())
    act = audit_row(clock, "w", "k", "test.begin", "t")
    job = await jobs.begin(KIND, "w", facts={"to": 2}, wait_ms=DAY_MS, beside=[act])
    assert await jobs.cancel(job.job_id)
    assert not await jobs.cancel(job.job_id)
    clock.turn(2 * 86_400)
    assert await jobs.run_due() == 0
    begun = await jobs.begin(KIND, "w", facts={"to": 2})
    await jobs._run_step(begun.job_id)
    assert not await jobs.cancel(begun.job_id), "what has begun goes to its end"


async def test_the_vault_serves_between_two_steps_and_a_new_job_wakes_the_loop(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    jobs = jobs_of(storage, clock, journal, Counter())
    task = asyncio.create_task(jobs.run_for_ever())
    await asyncio.sleep(0)
    served = 0
    await jobs.begin(KIND, "w", facts={"to": 20})
    while jobs.waiting(KIND):
        await storage.writer.flush()
        served += 1
    assert served > 10
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_job_of_a_workspace_that_is_deleted_in_the_midst_of_a_step_does_not_come_back(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    jobs = Jobs(storage, clock, journal)
    ran: list[str] = []

    async def step(job: Job) -> Progress:
        ran.append(job.workspace_id)
        if job.workspace_id == "gone":
            jobs.forget_workspace("gone")
        return Progress("1", 1, is_done=len(ran) > 2)

    jobs.register(KIND, step)
    await jobs.begin(KIND, "gone")
    await jobs.begin(KIND, "stays")
    await jobs.run_due()
    assert ran == ["gone", "stays", "stays"]
    assert jobs.waiting(KIND) == []


async def test_a_job_that_is_pushed_takes_no_step_twice(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """Whoever looks at a long job pushes it; the loop that runs it anyway must not be beside."""
    under_way = 0

    async def step(job: Job) -> Progress:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await asyncio.sleep(0)
        under_way -= 1
        number = int(job.cursor or 0) + 1
        return Progress(str(number), 1, is_done=number == 20)

    jobs = Jobs(storage, clock, journal)
    jobs.register(KIND, step)
    job = await jobs.begin(KIND, "w")
    await asyncio.gather(*(jobs.push(job.job_id, 10) for _ in range(3)), jobs.run_due())
    await jobs.run_due()
    found = await jobs.find("w", job.job_id)
    assert found is not None
    assert (found.state, found.done_count) == (JobState.DONE, 20)
    assert not [event for event, _ in journal.events if event is Event.UNEXPECTED_ERROR]
