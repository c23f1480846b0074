"""Taking everything of one workspace out of the stores, in bounded steps.

Steps for the writer's thread. Each may run twice, so that a killed process goes on where it was. The workspace's
key goes first: from there on nothing that was sealed can be opened by anybody, whatever is still on the disk.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.census import belongs_to, owned_tables, workspaces_present
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.segments import Segments
from echoless.vault.stores.writer import Connections

ITEMS_A_STEP: Final = 50
ROWS_A_STEP: Final = 1000
_LIST: Final = 500


def destroy_workspace_key(connections: Connections, workspace_id: str) -> None:
    """Delete a workspace's wrapped key."""
    table = schema.workspace_keys
    with connections.keys.begin():
        connections.keys.execute(sa.delete(table).where(table.c.workspace_id == workspace_id))
    truncate_log(connections.keys)


def purge_items(connections: Connections, segments: Segments, workspace_id: str) -> int:
    """Delete some items of a workspace: objects, then alignments and rows; return how many, 0 at the end."""
    table = schema.history_items
    some = sa.select(table.c.item_id).where(table.c.workspace_id == workspace_id).limit(ITEMS_A_STEP)
    vault = connections.vault
    with vault.begin():
        item_ids = list(vault.execute(some).scalars())
    # Objects first: they are found by their rows, and a killed process must still find them.
    for item_id in item_ids:
        segments.delete_item(item_id)
    if item_ids:
        alignments = schema.history_alignments
        with vault.begin():
            vault.execute(sa.delete(alignments).where(alignments.c.item_id.in_(item_ids)))
            vault.execute(sa.delete(table).where(table.c.item_id.in_(item_ids)))
    return len(item_ids)


def purge_rows(connections: Connections, workspace_id: str) -> int:
    """Delete some rows of the first table that has any; return how many, 0 when nothing is left anywhere."""
    for connection, data in _databases(connections):
        for table in owned_tables(data):
            key = list(table.primary_key)
            some = sa.select(*key).where(belongs_to(table, workspace_id)).limit(ROWS_A_STEP)
            named = key[0] if len(key) == 1 else sa.tuple_(*key)
            with connection.begin():
                count = connection.execute(sa.delete(table).where(named.in_(some))).rowcount
            if count:
                return count
    return 0


def count_orphaned_objects(vault: sa.Connection, segments: Segments) -> int:
    """Return how many items have objects and no row, in lists of bounded length."""
    table, ids, count = schema.history_items, segments.item_ids(), 0
    while batch := list(islice(ids, _LIST)):
        with vault.begin():
            found = set(vault.execute(sa.select(table.c.item_id).where(table.c.item_id.in_(batch))).scalars())
        count += len(set(batch) - found)
    return count


def truncate_logs(connections: Connections) -> None:
    """Take what was deleted out of both write-ahead logs."""
    for connection, _ in _databases(connections):
        truncate_log(connection)


def present_workspaces(connections: Connections, workspace_ids: list[str]) -> set[str]:
    """Return which of these workspaces still have anything."""
    found: set[str] = set()
    for connection, data in _databases(connections):
        found |= workspaces_present(connection, data, workspace_ids)
    return found


def _databases(connections: Connections) -> tuple[tuple[sa.Connection, sa.MetaData], ...]:
    return (connections.vault, schema.VAULT), (connections.keys, schema.KEYS)
