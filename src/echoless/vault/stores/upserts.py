"""INSERT ... ON CONFLICT DO UPDATE for both databases.

SQLite took the clause from PostgreSQL. SQLAlchemy has a class of it for each; the one for SQLite says all that the
other's compiler asks for, but that no conflict is named by its constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.dml import OnConflictDoUpdate


class _OnConflictDoUpdate(OnConflictDoUpdate):
    """The clause, with what PostgreSQL's compiler asks of it besides."""

    inherit_cache = True
    constraint_target: None = None


class Upsert:
    """An INSERT that says what happens to a row that is there."""

    def __init__(self, table: sa.Table) -> None:
        self._table = table
        self.excluded = sa.alias(table, name="excluded").columns

    def on_conflict_do_update(
        self, *, index_elements: Iterable[sa.Column[Any]], set_: Mapping[str, sa.ColumnElement[Any]]
    ) -> sa.Executable:
        """Return the statement: where there is a row with these columns, change it."""
        clause = _OnConflictDoUpdate(index_elements=index_elements, set_=set_)
        return sa.insert(self._table).ext(clause)


def insert(table: sa.Table) -> Upsert:
    """Begin an upsert into a table."""
    return Upsert(table)
