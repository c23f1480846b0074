"""Jobs as they are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.vault.stores.jobs import (
    Job,
    find_job,
    job_row,
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
