"""What a member has beside the workspace: what goes with it, what others take over, what stays by id alone."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.writer import Connections

_REMOVED: Final = {
    "profile": schema.members.c.user_id,
    "sessions": schema.member_sessions.c.user_id,
    "invitations_and_codes": schema.member_passes.c.user_id,
    "group_memberships": schema.group_memberships.c.user_id,
    "counters": schema.meters.c.owner_id,
}
_REASSIGNED: Final = {"dictionaries": schema.dictionaries.c.created_by}
_KEPT: Final = {
    "request_log": schema.request_log.c.key_id,
    "usage": schema.usage_hours.c.key_id,
    "audit_trail": schema.audit_entries.c.actor_id,
}


def count_removed(connections: Connections, user_id: str) -> dict[str, int]:
    """Return how much goes with a member, by name."""
    return _counts(connections, _REMOVED, user_id)


def count_kept(connections: Connections, user_id: str) -> dict[str, int]:
    """Return how many rows go on naming a member by an id that then says nobody's name."""
    return _counts(connections, _KEPT, user_id)


def reassign(connections: Connections, user_id: str, heir_id: str) -> dict[str, int]:
    """Give what a member made to somebody else of the workspace; return how much, by name."""
    counts = {}
    with connections.vault.begin():
        for name, column in _REASSIGNED.items():
            moved = sa.update(column.table).where(column == user_id).values({column.name: heir_id})
            counts[name] = connections.vault.execute(moved).rowcount
    return counts


def remove_counter(connections: Connections, user_id: str) -> None:
    """Delete the counter of a removed member."""
    with connections.vault.begin():
        connections.vault.execute(sa.delete(schema.meters).where(schema.meters.c.owner_id == user_id))


def _counts(connections: Connections, columns: dict[str, sa.Column[Any]], user_id: str) -> dict[str, int]:
    counts = {}
    with connections.vault.begin():
        for name, column in columns.items():
            counted = sa.select(sa.func.count()).select_from(column.table).where(column == user_id)
            counts[name] = int(connections.vault.execute(counted).scalar_one())
    return counts
