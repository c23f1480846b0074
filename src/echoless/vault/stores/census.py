"""What belongs to whom: every table of both databases, counted for one workspace.

Which tables there are is read from the schema, not written down here, so that a new table is counted and purged
from its first day. Only two things must be said of a table: its class, in the words of the deletion certificate;
and, where it has no column for the workspace, through which other table its rows belong to one. A test compares
both with the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema

OWNER_COLUMN: Final = "workspace_id"
KEPT: Final = frozenset({"account_deletions"})
"""What says how far a deletion is; the last of all to go."""
OF_NOBODY: Final = frozenset({"facts", "voice_aliases"})
"""Tables that hold nothing of any workspace."""
THROUGH: Final[Mapping[str, tuple[tuple[str, sa.Column[Any]], ...]]] = {
    "history_alignments": (("item_id", schema.history_items.c.item_id),),
    "dictionary_versions": (("dictionary_id", schema.dictionaries.c.dictionary_id),),
    "webhook_deliveries": (("webhook_id", schema.webhooks.c.webhook_id),),
    "group_memberships": (("group_id", schema.member_groups.c.group_id),),
    "meters": (
        ("owner_id", schema.workspaces.c.workspace_id),
        ("owner_id", schema.api_keys.c.key_id),
        ("owner_id", schema.members.c.user_id),
    ),
}
"""Tables without a column for the workspace: which of their columns names a row of which other table."""
CLASSES: Final[Mapping[str, str]] = {
    "workspaces": "workspaces",
    "workspace_keys": "workspace_keys",
    "item_keys": "content_keys",
    "service_accounts": "service_accounts",
    "api_keys": "api_keys",
    "meters": "usage",
    "usage_hours": "usage",
    "voice_settings": "voice_settings",
    "history_items": "history",
    "history_alignments": "history_alignments",
    "request_log": "request_log",
    "log_entries": "debug_and_moderation_logs",
    "audit_entries": "audit_trail",
    "dictionaries": "dictionaries",
    "dictionary_versions": "dictionaries",
    "webhooks": "webhooks",
    "webhook_deliveries": "webhooks",
    "notices": "notices",
    "notice_deliveries": "notices",
    "verdict_hours": "moderation_counts",
    "moderation_standings": "moderation_counts",
    "jobs": "jobs",
    "members": "members",
    "member_sessions": "sessions",
    "member_passes": "invitations",
    "member_groups": "groups",
    "group_memberships": "groups",
    "sign_ons": "sign_ons",
    "receipts": "receipts",
    "logged_statements": "policy_changes",
}
"""What a table's rows are called in a certificate."""
OTHER: Final = "other"


def owned_tables(data: sa.MetaData) -> Iterator[sa.Table]:
    """Yield the tables that hold something of a workspace, those that point at others first."""
    through = [table for table in data.sorted_tables if table.name in THROUGH]
    direct = [table for table in data.sorted_tables if table.name not in KEPT and OWNER_COLUMN in table.c]
    yield from reversed(through)
    yield from reversed([table for table in direct if table.name not in THROUGH])


def belongs_to(table: sa.Table, workspace_id: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row belongs to a workspace."""
    if table.name not in THROUGH:
        return table.c[OWNER_COLUMN] == workspace_id
    return sa.or_(
        *(
            table.c[name].in_(sa.select(named).where(named.table.c[OWNER_COLUMN] == workspace_id))
            for name, named in THROUGH[table.name]
        )
    )


def count_rows(vault: sa.Connection, keys: sa.Connection, workspace_id: str) -> dict[str, int]:
    """Return how many rows of each table belong to a workspace, nought included."""
    counts = {}
    for connection, data in ((vault, schema.VAULT), (keys, schema.KEYS)):
        with connection.begin():
            for table in owned_tables(data):
                statement = sa.select(sa.func.count()).select_from(table).where(belongs_to(table, workspace_id))
                counts[table.name] = int(connection.execute(statement).scalar_one())
    return counts


def count_orphans(vault: sa.Connection) -> dict[str, int]:
    """Return how many rows of each table belong to nobody: what they are named by is gone.

    Counters are left out; those of deleted keys are kept until the month ends.
    """
    counts = {}
    with vault.begin():
        for name, ways in THROUGH.items():
            if name == schema.meters.name:
                continue
            table = schema.VAULT.tables[name]
            is_orphan = [table.c[column].not_in(sa.select(named)) for column, named in ways]
            counts[name] = int(
                vault.execute(sa.select(sa.func.count()).select_from(table).where(*is_orphan)).scalar_one()
            )
    return counts


def by_class(rows: Mapping[str, int]) -> dict[str, int]:
    """Return counts of tables as counts of classes, those that have any."""
    counts: dict[str, int] = {}
    for name, count in rows.items():
        if count:
            word = CLASSES.get(name, OTHER)
            counts[word] = counts.get(word, 0) + count
    return counts


def workspaces_present(connection: sa.Connection, data: sa.MetaData, workspace_ids: list[str]) -> set[str]:
    """Return which of these workspaces have any row in a database."""
    found: set[str] = set()
    with connection.begin():
        for table in owned_tables(data):
            if OWNER_COLUMN in table.c:
                column = table.c[OWNER_COLUMN]
                statement = sa.select(column).where(column.in_(workspace_ids)).distinct()
                found |= set(connection.execute(statement).scalars())
    return found
