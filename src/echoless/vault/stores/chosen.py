"""Which items a deletion of many has chosen, as rows are read for it and as its job keeps it: ids, words, times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.drafts import TRANSCRIPT_SOURCE

_ITEMS: Final = schema.history_items
Facts = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice of history items of one workspace; transcripts are none of the history.

    is_named: only the named items, of which there may be none; else all that the filters let through
    source:   empty for every source
    """

    workspace_id: str
    item_ids: Sequence[str]
    is_named: bool
    voice_id: str = ""
    model_id: str = ""
    source: str = ""
    before_ms: int = 0
    after_ms: int = 0

    def facts(self) -> dict[str, str | int | Sequence[str]]:
        """Return what a job keeps of it."""
        kept: dict[str, str | int | Sequence[str]] = {
            "item_ids": list(self.item_ids), "is_named": int(self.is_named), "voice_id": self.voice_id,
            "model_id": self.model_id, "source": self.source, "before_ms": self.before_ms,
            "after_ms": self.after_ms,
        }  # fmt: skip
        return kept

    @classmethod
    def from_facts(cls, workspace_id: str, facts: Facts) -> Chosen:
        """Return a choice from what a job kept of it."""
        known: dict[str, Any] = {name: facts[name] for name in cls.__slots__ if name != "workspace_id"}
        return cls(**{**known, "workspace_id": workspace_id, "is_named": bool(known["is_named"])})


def newest_sequence(vault: sa.Connection) -> int:
    """Return the place of the newest item of all; what is made later has a higher one."""
    with vault.begin():
        return int(vault.execute(sa.select(sa.func.max(_ITEMS.c.sequence))).scalar() or 0)


def count_chosen(vault: sa.Connection, chosen: Chosen, newest: int) -> int:
    """Return how many items are chosen."""
    statement = sa.select(sa.func.count()).select_from(_ITEMS).where(*_conditions(chosen, 0, newest))
    with vault.begin():
        return int(vault.execute(statement).scalar_one())


def chosen_items(
    vault: sa.Connection, chosen: Chosen, after: int, newest: int, count: int
) -> list[tuple[int, str]]:
    """Return the next chosen items in order, each with its place."""
    statement = sa.select(_ITEMS.c.sequence, _ITEMS.c.item_id).where(*_conditions(chosen, after, newest))
    with vault.begin():
        rows = vault.execute(statement.order_by(_ITEMS.c.sequence).limit(count)).all()
    return [(int(row.sequence), row.item_id) for row in rows]


def _conditions(chosen: Chosen, after: int, newest: int) -> list[sa.ColumnElement[bool]]:
    table = _ITEMS.c
    conditions = [
        table.workspace_id == chosen.workspace_id, table.sequence > after, table.sequence <= newest,
        table.source != TRANSCRIPT_SOURCE,
    ]  # fmt: skip
    if chosen.is_named:
        conditions.append(table.item_id.in_(list(chosen.item_ids)))
    for column, value in ((table.voice_id, chosen.voice_id), (table.model_id, chosen.model_id)):
        if value:
            conditions.append(column == value)
    if chosen.source:
        conditions.append(table.source == chosen.source)
    if chosen.before_ms:
        conditions.append(table.created_ms < chosen.before_ms)
    if chosen.after_ms:
        conditions.append(table.created_ms >= chosen.after_ms)
    return conditions
