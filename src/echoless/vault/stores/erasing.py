"""Deleting rows and keys so that nothing of them stays in the files.

Steps for the writer's thread. `secure_delete` overwrites what is deleted; the log is truncated after each step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.writer import Connections

_BATCH: Final = 500
_LOG_BATCH: Final = 5000
# What has a key of its own, and what goes with it.
_MEMBERS: Final = (schema.members.c.user_id, schema.member_passes.c.pass_id, schema.sign_ons.c.sign_on_id)
_OF_MEMBERS: Final = (
    schema.member_sessions.c.user_id, schema.member_passes.c.user_id, schema.group_memberships.c.user_id,
    schema.meters.c.owner_id,
)  # fmt: skip


def destroy_keys(connections: Connections, item_ids: Sequence[str]) -> None:
    """Delete the wrapped keys of items; from here on nobody can open what they sealed."""
    with connections.keys.begin():
        _delete(connections.keys, schema.item_keys.c.item_id, item_ids)
    truncate_log(connections.keys)


def delete_item_rows(connections: Connections, item_ids: Sequence[str]) -> None:
    """Delete the rows of items and alignments, of dictionaries and their versions, of webhooks and their log, of
    members with their sessions and passes, of passes and of sign-ons.
    """
    with connections.vault.begin():
        _delete(connections.vault, schema.history_items.c.item_id, item_ids)
        _delete(connections.vault, schema.history_alignments.c.item_id, item_ids)
        _delete(connections.vault, schema.dictionaries.c.dictionary_id, item_ids)
        _delete(connections.vault, schema.dictionary_versions.c.dictionary_id, item_ids)
        _delete(connections.vault, schema.webhooks.c.webhook_id, item_ids)
        _delete(connections.vault, schema.webhook_deliveries.c.webhook_id, item_ids)
        _delete(connections.vault, schema.notices.c.notice_id, item_ids)
        _delete(connections.vault, schema.notice_deliveries.c.notice_id, item_ids)
        for column in (*_MEMBERS, *_OF_MEMBERS):
            _delete(connections.vault, column, item_ids)
    truncate_log(connections.vault)


def delete_log_before(connections: Connections, unix_s: int) -> int:
    """Delete all rows of the logs of requests and deliveries that are older, however old; return how many."""
    deleted = _delete_before(connections, schema.request_log.c.start_unix, unix_s)
    deleted += _delete_before(connections, schema.webhook_deliveries.c.time_unix, unix_s)
    if deleted:
        truncate_log(connections.vault)
    return deleted


def _delete_before(connections: Connections, time: sa.Column[Any], unix_s: int) -> int:
    table = time.table
    old = sa.select(table.c.sequence).where(time < unix_s).limit(_LOG_BATCH)
    deleted = 0
    while True:
        with connections.vault.begin():
            count = connections.vault.execute(sa.delete(table).where(table.c.sequence.in_(old))).rowcount
        deleted += count
        if count < _LOG_BATCH:
            return deleted


def oldest_request_unix(connections: Connections) -> int | None:
    """Return the start of the oldest request in the log, or None: how far the schedule lags is seen from it."""
    with connections.vault.begin():
        found = connections.vault.execute(sa.select(sa.func.min(schema.request_log.c.start_unix))).scalar()
    return None if found is None else int(found)


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


def half_deleted(connections: Connections) -> list[str]:
    """Return items, dictionaries and webhooks with a key and no row, or a row and no key: what a crash left."""
    keyed = _all(connections.keys, schema.item_keys.c.item_id)
    rowed = _all(connections.vault, schema.history_items.c.item_id)
    rowed |= _all(connections.vault, schema.dictionaries.c.dictionary_id)
    rowed |= _all(connections.vault, schema.webhooks.c.webhook_id)
    sealed = schema.notices.c.sealed.is_not(None)
    with connections.vault.begin():
        rowed |= set(connections.vault.execute(sa.select(schema.notices.c.notice_id).where(sealed)).scalars())
    for column in _MEMBERS:
        rowed |= _all(connections.vault, column)
    return sorted(keyed ^ rowed)


def _all(connection: sa.Connection, column: sa.Column[Any]) -> set[str]:
    with connection.begin():
        return set(connection.execute(sa.select(column)).scalars())


def _present(connection: sa.Connection, column: sa.Column[Any], item_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    with connection.begin():
        for batch in _batches(item_ids):
            found |= set(connection.execute(sa.select(column).where(column.in_(batch))).scalars())
    return found


def _delete(connection: sa.Connection, column: sa.Column[Any], item_ids: Sequence[str]) -> None:
    for batch in _batches(item_ids):
        connection.execute(sa.delete(column.table).where(column.in_(batch)))


def _batches(item_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (item_ids[start : start + _BATCH] for start in range(0, len(item_ids), _BATCH))
