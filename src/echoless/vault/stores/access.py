"""Access that must not come back with a backup: API keys that were deleted since, and every login."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.writer import Connections


def withdraw_access(connections: Connections, erased: Iterable[Sequence[str]]) -> None:
    """Delete the keys that the erasure ledger names, and all sessions: which ones were ended since, nobody knows.

    erased: ids, in lists of bounded length
    """
    vault, keys, sessions = connections.vault, schema.api_keys, schema.member_sessions
    for batch in erased:
        with vault.begin():
            vault.execute(sa.delete(keys).where(keys.c.key_id.in_(batch)))
    with vault.begin():
        vault.execute(sa.delete(sessions))
    truncate_log(vault)
