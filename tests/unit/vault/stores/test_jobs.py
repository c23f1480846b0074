"""Jobs as they are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.vault.stores.jobs import (
    Job,
    JobState,
    find_job,
    job_row,
    remove_jobs_ended_before,
    unfinished_jobs,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
JOB = Job("j", "kind", "w", 1, 1, 5, {"ids": ["a", "b"], "before_ms": 7}, cursor="a", done_count=1, total_count=2)


async def test_a_job_comes_back_as_it_was_written(storage: Storage) -> None:
    await storage.writer.now((Write.JOB, job_row(JOB)))
    await storage.writer.now((Write.JOB, job_row(replace(JOB, job_id="sooner", due_ms=2))))
    assert [job.job_id for job in await storage.writer.run(unfinished_jobs)] == ["sooner", "j"]
    assert await storage.read(lambda reader: find_job(reader.vault, "w", "j")) == JOB
    assert await storage.read(lambda reader: find_job(reader.vault, "v", "j")) is None


async def test_rows_of_ended_jobs_go_and_those_that_wait_stay(storage: Storage) -> None:
    for job_id, state, ended_ms in (("a", JobState.DONE, 10), ("b", JobState.DONE, 20), ("c", JobState.WAITING, 0)):
        row = job_row(replace(JOB, job_id=job_id, state=state, ended_ms=ended_ms))
        await storage.writer.now((Write.JOB, row))
    assert await storage.writer.run(lambda connections: remove_jobs_ended_before(connections, 20)) == 1
    assert await storage.read(lambda reader: find_job(reader.vault, "w", "a")) is None
    assert await storage.read(lambda reader: find_job(reader.vault, "w", "c")) is not None
