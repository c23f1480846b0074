"""Jobs as they are stored: what is to be done, how far it is, when it goes on. Ids, counts, codes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work that outlives the process.

    cursor: the last id that is done with, or another word of the job's own; never content
    facts:  what the job was asked for: ids, codes, times; never content
    set_ms, due_ms: when the wait was set, and until when
    """

    job_id: str
    kind: str
    workspace_id: str
    created_ms: int
    set_ms: int
    due_ms: int
    facts: Mapping[str, str | int | Sequence[str]]
    cursor: str = ""
    state: JobState = JobState.WAITING
    done_count: int = 0
    total_count: int = 0
    ended_ms: int = 0


def job_row(job: Job) -> Row:
    """Return the row of a job."""
    row = {name: getattr(job, name) for name in Job.__slots__}
    return row | {"state": job.state.value, "facts": dict(job.facts)}


def unfinished_jobs(connections: Connections) -> list[Job]:
    """Return all jobs that still wait, the longest due first."""
    table = schema.jobs
    statement = sa.select(table).where(table.c.state == JobState.WAITING.value).order_by(table.c.due_ms)
    with connections.vault.begin():
        return [_job(row) for row in connections.vault.execute(statement).mappings()]


def find_job(vault: sa.Connection, workspace_id: str, job_id: str) -> Job | None:
    """Return one job of a workspace, or None."""
    table = schema.jobs
    statement = sa.select(table).where(table.c.job_id == job_id, table.c.workspace_id == workspace_id)
    with vault.begin():
        row = vault.execute(statement).mappings().one_or_none()
    return None if row is None else _job(row)


def _job(row: sa.RowMapping) -> Job:
    return Job(**{**row, "state": JobState(row["state"])})
