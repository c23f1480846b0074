"""Reading numbers: the request log, usage by the hour, and the trail of administrative acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema

_LABELS: Final = {"none": None, "model": "model_id", "product_type": "product", "api_keys": "key_id"}
_METRICS: Final = {
    "credits": ("credits", 1),
    "tts_characters": ("characters", 1),
    "request_count": ("request_count", 1),
    "minutes_used": ("audio_ms", 60_000),
}
BREAKDOWNS: Final = frozenset(_LABELS)
METRICS: Final = frozenset(_METRICS)


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """One hour of one label."""

    hour_unix: int
    label: str
    value: float


def read_usage(
    vault: sa.Connection, workspace_id: str, start_unix: int, end_unix: int, *, breakdown: str, metric: str
) -> list[UsagePoint]:
    """Return sums by hour and label, in order of time.

    breakdown: a member of BREAKDOWNS; metric: a member of METRICS
    start_unix, end_unix: inclusive and exclusive, compared with the start of the hour that was counted
    """
    table = schema.usage_hours
    column = _LABELS[breakdown]
    counted, unit = _METRICS[metric]
    label = sa.literal("All") if column is None else table.c[column]
    statement = (
        sa.select(table.c.hour_unix, label.label("label"), sa.func.sum(table.c[counted]).label("value"))
        .where(table.c.workspace_id == workspace_id, table.c.hour_unix >= start_unix, table.c.hour_unix < end_unix)
        .group_by(table.c.hour_unix, label)
        .order_by(table.c.hour_unix)
    )
    with vault.begin():
        rows = vault.execute(statement).all()
    return [UsagePoint(row.hour_unix, row.label, float(row.value) / unit) for row in rows]


def read_requests(
    vault: sa.Connection, workspace_id: str, start_unix: int, end_unix: int, limit: int
) -> list[Mapping[str, Any]]:
    """Return rows of the request log, newest first; a bound of 0 is no bound."""
    table = schema.request_log
    conditions = [table.c.workspace_id == workspace_id]
    if start_unix:
        conditions.append(table.c.start_unix >= start_unix)
    if end_unix:
        conditions.append(table.c.start_unix < end_unix)
    columns = [column for column in table.columns if column.name != "sequence"]
    statement = sa.select(*columns).where(*conditions).order_by(table.c.start_unix.desc(), table.c.sequence.desc())
    with vault.begin():
        return [dict(row) for row in vault.execute(statement.limit(limit)).mappings()]


def read_audit(
    vault: sa.Connection,
    workspace_id: str,
    *,
    limit: int,
    before_entry: str = "",
    from_ms: int = 0,
    to_ms: int = 0,
    actor_id: str = "",
    activity: str = "",
) -> list[Mapping[str, Any]]:
    """Return administrative acts, newest first, those older than `before_entry` where it is given."""
    table = schema.audit_entries
    conditions = [table.c.workspace_id == workspace_id]
    if before_entry:
        place = sa.select(table.c.sequence).where(table.c.entry_id == before_entry).scalar_subquery()
        conditions.append(table.c.sequence < place)
    if from_ms:
        conditions.append(table.c.time_ms >= from_ms)
    if to_ms:
        conditions.append(table.c.time_ms < to_ms)
    if actor_id:
        conditions.append(table.c.actor_id == actor_id)
    if activity:
        conditions.append(table.c.activity == activity)
    columns = (
        table.c.entry_id, table.c.time_ms, table.c.actor_id, table.c.activity, table.c.target_id,
        table.c.sealed_reason,
    )  # fmt: skip
    statement = sa.select(*columns).where(*conditions).order_by(table.c.sequence.desc()).limit(limit)
    with vault.begin():
        return [dict(row) for row in vault.execute(statement).mappings()]


def count_items(vault: sa.Connection) -> dict[str, int]:
    """Return how many items each workspace keeps."""
    table = schema.history_items
    statement = sa.select(table.c.workspace_id, sa.func.count().label("items")).group_by(table.c.workspace_id)
    with vault.begin():
        return {row.workspace_id: int(row.items) for row in vault.execute(statement)}
