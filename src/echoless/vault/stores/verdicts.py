"""Verdicts at rest: counts of closed words by workspace and hour, and where each account stands. No content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from echoless.core.moderation import Action, Category, Severity
from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.writing import Row

_HOURS: Final = schema.verdict_hours
_STANDINGS: Final = schema.moderation_standings


@dataclass(frozen=True, slots=True)
class VerdictHour:
    """How often something was found in one hour.

    round_number: counts the times that a restriction was lifted; what was found before that counts no more
    """

    workspace_id: str
    hour_unix: int
    round_number: int
    category: Category
    severity: Severity
    action: Action
    verdict_count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands with the automatic check.

    flagged_unix: when it was flagged in this round, 0 where it was not
    """

    workspace_id: str
    round_number: int = 0
    flagged_unix: int = 0


def verdict_row(found: VerdictHour) -> Row:
    """Return the row that adds to the counts of an hour."""
    row: Row = {name: getattr(found, name) for name in VerdictHour.__slots__}
    return row | {name: row[name].value for name in ("category", "severity", "action")}


def standing_row(standing: Standing) -> Row:
    """Return the row of a standing."""
    return {name: getattr(standing, name) for name in Standing.__slots__}


def read_verdicts(reader: HistoryReader, since_unix: int, workspace_id: str = "") -> list[VerdictHour]:
    """Return what was found since then, of all workspaces or of one; the oldest hour first."""
    statement = sa.select(_HOURS).where(_HOURS.c.hour_unix >= since_unix).order_by(_HOURS.c.hour_unix)
    if workspace_id:
        statement = statement.where(_HOURS.c.workspace_id == workspace_id)
    with reader.vault.begin():
        rows = reader.vault.execute(statement).mappings().all()
    return [
        VerdictHour(
            row["workspace_id"], row["hour_unix"], row["round_number"], Category(row["category"]),
            Severity(row["severity"]), Action(row["action"]), row["verdict_count"],
        )
        for row in rows
    ]  # fmt: skip


def read_standings(reader: HistoryReader) -> list[Standing]:
    """Return where all accounts stand."""
    with reader.vault.begin():
        rows = reader.vault.execute(sa.select(_STANDINGS)).mappings().all()
    return [Standing(**{name: row[name] for name in Standing.__slots__}) for row in rows]
