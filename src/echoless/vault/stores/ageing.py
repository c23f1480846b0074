"""The steps by which time takes things away: each deletes a bounded number of one class, the oldest first where
they are sealed. Times are Unix milliseconds, whatever the tables have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.erasing import delete_rows, destroy_keys
from echoless.vault.stores.jobs import JobState
from echoless.vault.stores.log_entries import LogName
from echoless.vault.stores.writer import Connections

ROWS_STEP: Final = 5000
SEALED_STEP: Final = 500
"""How many sealed things one step erases; the writer is busy with it for some milliseconds."""
_SECOND_MS: Final = 1000
_REQUESTED: Final = schema.request_log.c.start_unix
_DELIVERED: Final = schema.webhook_deliveries.c.time_unix
_ENTRIES: Final = schema.log_entries
_ENDED: Final = schema.jobs.c.state == JobState.DONE.value


def delete_requests(connections: Connections, before_ms: int) -> int:
    """Delete rows of the request log."""
    return _delete_rows_before(connections, _REQUESTED, _unix_s(before_ms))


def oldest_request_ms(connections: Connections) -> int | None:
    """Return the start of the oldest request in the log, or None."""
    return _oldest(connections, _REQUESTED, unit_ms=_SECOND_MS)


def delete_deliveries(connections: Connections, before_ms: int) -> int:
    """Delete rows about deliveries of webhooks."""
    return _delete_rows_before(connections, _DELIVERED, _unix_s(before_ms))


def oldest_delivery_ms(connections: Connections) -> int | None:
    """Return the time of the oldest delivery, or None."""
    return _oldest(connections, _DELIVERED, unit_ms=_SECOND_MS)


def delete_ended_jobs(connections: Connections, before_ms: int) -> int:
    """Delete rows of jobs that have ended; those that wait stay however old."""
    return _delete_rows_before(connections, schema.jobs.c.ended_ms, before_ms, _ENDED)


def oldest_ended_job_ms(connections: Connections) -> int | None:
    """Return when the oldest job ended, or None."""
    return _oldest(connections, schema.jobs.c.ended_ms, _ENDED)


def delete_entries_of(log: LogName) -> Callable[[Connections, int], int]:
    """Return the step that erases entries of a log: their keys first, then their rows."""

    def delete(connections: Connections, before_ms: int) -> int:
        old = (_ENTRIES.c.log == log.value, _ENTRIES.c.time_ms < before_ms)
        wanted = sa.select(_ENTRIES.c.entry_id).where(*old).order_by(_ENTRIES.c.time_ms).limit(SEALED_STEP)
        with connections.vault.begin():
            entry_ids = list(connections.vault.execute(wanted).scalars())
        if entry_ids:
            destroy_keys(connections, entry_ids)
            delete_rows(connections, _ENTRIES.c.entry_id, entry_ids)
        return len(entry_ids)

    return delete


def oldest_entry_of(log: LogName) -> Callable[[Connections], int | None]:
    """Return the step that finds the time of a log's oldest entry, or None."""
    return lambda connections: _oldest(connections, _ENTRIES.c.time_ms, _ENTRIES.c.log == log.value)


def items_before(connections: Connections, before_ms: int) -> list[str]:
    """Return the ids of the oldest items and transcripts that were kept before a time."""
    table = schema.history_items
    wanted = sa.select(table.c.item_id).where(table.c.created_ms < before_ms)
    with connections.vault.begin():
        return list(connections.vault.execute(wanted.order_by(table.c.created_ms).limit(SEALED_STEP)).scalars())


def oldest_item_ms(connections: Connections) -> int | None:
    """Return the time of the oldest item, or None."""
    return _oldest(connections, schema.history_items.c.created_ms)


def _unix_s(before_ms: int) -> int:
    # A row of second s is older where s * 1000 < before_ms.
    return -(-before_ms // _SECOND_MS)


def _delete_rows_before(
    connections: Connections, time: sa.Column[Any], before: int, *conditions: sa.ColumnElement[bool]
) -> int:
    (place,) = time.table.primary_key
    old = sa.select(place).where(time < before, *conditions).limit(ROWS_STEP)
    with connections.vault.begin():
        deleted = connections.vault.execute(sa.delete(time.table).where(place.in_(old))).rowcount
    if deleted:
        truncate_log(connections.vault)
    return deleted


def _oldest(
    connections: Connections, time: sa.Column[Any], *conditions: sa.ColumnElement[bool], unit_ms: int = 1
) -> int | None:
    with connections.vault.begin():
        found = connections.vault.execute(sa.select(sa.func.min(time)).where(*conditions)).scalar()
    return None if found is None else int(found) * unit_ms
