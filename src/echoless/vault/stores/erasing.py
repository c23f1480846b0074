"""Deleting rows and keys so that nothing of them stays in the files.

Steps for the writer's thread. `secure_delete` overwrites what is deleted; the log is truncated after each step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.writer import Connections

_BATCH: Final = 500
PAGE_IDS: Final = 5000
"""How many ids the sweep holds at a time, however many there are."""
# What has a key of its own, and what goes with it.
_MEMBERS: Final = (schema.members.c.user_id, schema.member_passes.c.pass_id, schema.sign_ons.c.sign_on_id)
_OF_MEMBERS: Final = (
    schema.member_sessions.c.user_id, schema.member_passes.c.user_id, schema.group_memberships.c.user_id,
    schema.meters.c.owner_id,
)  # fmt: skip
_ALL: Final = sa.true()
_HAS_KEY: Final[tuple[tuple[sa.Column[Any], sa.ColumnElement[bool]], ...]] = (
    (schema.history_items.c.item_id, _ALL),
    (schema.log_entries.c.entry_id, _ALL),
    (schema.dictionaries.c.dictionary_id, _ALL),
    (schema.webhooks.c.webhook_id, _ALL),
    (schema.notices.c.notice_id, schema.notices.c.sealed.is_not(None)),
    *((column, _ALL) for column in _MEMBERS),
)
"""Whose rows are sealed under a key of their own, and which of the rows; the large tables first."""
_LARGE_TABLES: Final = 2


def destroy_keys(connections: Connections, item_ids: Sequence[str]) -> None:
    """Delete the wrapped keys of items; from here on nobody can open what they sealed."""
    with connections.keys.begin():
        _delete(connections.keys, schema.item_keys.c.item_id, item_ids)
    truncate_log(connections.keys)


def delete_item_rows(connections: Connections, item_ids: Sequence[str]) -> None:
    """Delete the rows of items and alignments, of dictionaries and their versions, of webhooks and their log, of
    entries of the other logs, of members with their sessions and passes, of passes and of sign-ons.
    """
    with connections.vault.begin():
        _delete(connections.vault, schema.history_items.c.item_id, item_ids)
        _delete(connections.vault, schema.history_alignments.c.item_id, item_ids)
        _delete(connections.vault, schema.dictionaries.c.dictionary_id, item_ids)
        _delete(connections.vault, schema.dictionary_versions.c.dictionary_id, item_ids)
        _delete(connections.vault, schema.webhooks.c.webhook_id, item_ids)
        _delete(connections.vault, schema.webhook_deliveries.c.webhook_id, item_ids)
        _delete(connections.vault, schema.log_entries.c.entry_id, item_ids)
        _delete(connections.vault, schema.notices.c.notice_id, item_ids)
        _delete(connections.vault, schema.notice_deliveries.c.notice_id, item_ids)
        for column in (*_MEMBERS, *_OF_MEMBERS):
            _delete(connections.vault, column, item_ids)
    truncate_log(connections.vault)


def take_back(connections: Connections, item_ids: Sequence[str]) -> None:
    """Delete keys and rows that nobody was told of; there is nothing then that a ledger should remember."""
    destroy_keys(connections, item_ids)
    delete_item_rows(connections, item_ids)


def delete_rows(connections: Connections, column: sa.Column[Any], ids: Sequence[str]) -> None:
    """Delete the rows of one table that these ids name."""
    with connections.vault.begin():
        _delete(connections.vault, column, ids)
    truncate_log(connections.vault)


def keyed_of(connections: Connections, item_ids: Sequence[str]) -> list[str]:
    """Return which of these items still have a key; one with a row alone is half deleted and found as such."""
    return sorted(_present(connections.keys, schema.item_keys.c.item_id, item_ids))


def stored_of(connections: Connections, item_ids: Sequence[str]) -> list[str]:
    """Return which of these items still have a row, a key or alignments."""
    found: set[str] = set()
    for connection, column in (
        (connections.vault, schema.history_items.c.item_id),
        (connections.vault, schema.history_alignments.c.item_id),
        (connections.keys, schema.item_keys.c.item_id),
    ):
        found |= _present(connection, column, item_ids)
    return sorted(found)


def places_of(connections: Connections, item_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return workspace and place in the order of those items that have a row."""
    table = schema.history_items
    found: dict[str, tuple[str, int]] = {}
    with connections.vault.begin():
        for batch in _batches(item_ids):
            statement = sa.select(table.c.item_id, table.c.workspace_id, table.c.sequence)
            rows = connections.vault.execute(statement.where(table.c.item_id.in_(batch))).all()
            found |= {row.item_id: (row.workspace_id, int(row.sequence)) for row in rows}
    return found


def with_row(connections: Connections, item_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these items have a row."""
    return frozenset(_present(connections.vault, schema.history_items.c.item_id, item_ids))


def half_deleted(connections: Connections) -> Iterator[list[str]]:
    """Yield what has a key and no row, or a row and no key, in lists of bounded length: what a crash left.

    The caller deletes what one list names before asking for the next.
    """
    for page in _pages(connections.keys, schema.item_keys.c.item_id, _ALL):
        yield _without_row(connections, page)
    # Each key has its row now. Where there are as many rows as keys, each row has its key.
    if _count(connections.keys, schema.item_keys.c.item_id, _ALL) == sum(
        _count(connections.vault, column, condition) for column, condition in _HAS_KEY
    ):
        return
    for column, condition in _HAS_KEY:
        for page in _pages(connections.vault, column, condition):
            yield sorted(set(page) - _present(connections.keys, schema.item_keys.c.item_id, page))


def _without_row(connections: Connections, page: list[str]) -> list[str]:
    """Return which of these ids, in the order of the keys' database, have no row in any table."""
    missing = set(page)
    for column, condition in _HAS_KEY[:_LARGE_TABLES]:
        # One range instead of thousands of names; where both databases order alike it finds all there are.
        wanted = sa.select(column).where(condition, column >= page[0], column <= page[-1]).limit(PAGE_IDS)
        with connections.vault.begin():
            missing.difference_update(connections.vault.execute(wanted).scalars())
    for column, condition in _HAS_KEY:
        if missing:
            missing -= _present(connections.vault, column, sorted(missing), condition)
    return sorted(missing)


def _count(connection: sa.Connection, column: sa.Column[Any], condition: sa.ColumnElement[bool]) -> int:
    with connection.begin():
        return int(connection.execute(sa.select(sa.func.count(column)).where(condition)).scalar_one())


def _pages(
    connection: sa.Connection, column: sa.Column[Any], condition: sa.ColumnElement[bool]
) -> Iterator[list[str]]:
    """Yield all ids of a table in the database's own order."""
    wanted = sa.select(column).where(condition).order_by(column).limit(PAGE_IDS)
    after: str | None = None
    while True:
        with connection.begin():
            page = list(connection.execute(wanted if after is None else wanted.where(column > after)).scalars())
        if not page:
            return
        after = page[-1]
        yield page


def _present(
    connection: sa.Connection,
    column: sa.Column[Any],
    item_ids: Sequence[str],
    condition: sa.ColumnElement[bool] = _ALL,
) -> set[str]:
    found: set[str] = set()
    wanted = sa.select(column).where(condition)
    with connection.begin():
        for batch in _batches(item_ids):
            found |= set(connection.execute(wanted.where(column.in_(batch))).scalars())
    return found


def _delete(connection: sa.Connection, column: sa.Column[Any], item_ids: Sequence[str]) -> None:
    for batch in _batches(item_ids):
        connection.execute(sa.delete(column.table).where(column.in_(batch)))


def _batches(item_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (item_ids[start : start + _BATCH] for start in range(0, len(item_ids), _BATCH))
