"""Statements that the transparency log commits to: changes of policy, and certificates of deleted accounts.

A statement is a row of the transaction that makes it true, so no policy changes without one; its entry follows a
moment later, or at the next start. With an account its rows go, and their salts with them: what is left in the log
then tells nothing of anybody.
Steps for the writer's thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from echoless.receipts.entries import SALT_BYTES, EntryKind, commitment, digest_entry
from echoless.vault.stores import schema
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row, Write

_TABLE: Final = schema.logged_statements
_BATCH: Final = 500
OF_NOBODY: Final = ""


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """A statement as it is kept.

    sequence: its place among all, the newest the highest
    text:     empty where the text itself is kept elsewhere
    index:    of its entry; None while it has none
    """

    sequence: int
    statement_id: str
    text: str
    salt: bytes
    index: int | None


def statement_row(
    kind: EntryKind, statement_id: str, text: str, workspace_id: str = OF_NOBODY
) -> tuple[Write, Row]:
    """Return the row of a statement, to be written together with what it says.

    workspace_id: with which it goes; the text of a statement of nobody is kept elsewhere and is not in the row
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return Write.LOGGED_STATEMENT, {
        "statement_id": statement_id, "workspace_id": workspace_id, "kind": kind.value,
        "statement": text if workspace_id else "", "salt": salt, "digest": commitment(salt, text),
        "log_index": None,
    }  # fmt: skip


class StatementBook:
    """Enters statements and finds them."""

    def __init__(self, storage: Storage, log: ProofLog) -> None:
        self._storage = storage
        self._log = log

    async def enter(self) -> int:
        """Make entries for the statements that have none, the oldest first; return how many.

        raises: EcholessError(INTERNAL_ERROR) where the disk refuses
        """
        return await self._storage.writer.run(self._enter)

    async def add_certificate(self, certificate_id: str, certificate: str) -> None:
        """Have the log commit to the certificate of a deleted account, once.

        raises: EcholessError(STORE_UNAVAILABLE) where it could not be written
        """
        _, row = statement_row(EntryKind.ERASURE, certificate_id, certificate)

        def step(connections: Connections) -> None:
            is_there = sa.select(_TABLE.c.sequence).where(_TABLE.c.statement_id == certificate_id)
            with connections.vault.begin():
                if connections.vault.execute(is_there).one_or_none() is None:
                    connections.vault.execute(sa.insert(_TABLE), row)

        await self._storage.writer.run(step)

    async def find(self, statement_id: str) -> KeptStatement | None:
        """Return a statement, or None."""
        found = await self._read(sa.select(_TABLE).where(_TABLE.c.statement_id == statement_id))
        return found[0] if found else None

    async def page(self, workspace_id: str, limit: int, before: int | None) -> list[KeptStatement]:
        """Return changes of one workspace's policies, the newest first.

        before: only those of a lower sequence
        """
        wanted = sa.select(_TABLE).where(
            _TABLE.c.workspace_id == workspace_id, _TABLE.c.kind == EntryKind.POLICY.value
        )
        if before is not None:
            wanted = wanted.where(_TABLE.c.sequence < before)
        return await self._read(wanted.order_by(_TABLE.c.sequence.desc()).limit(limit))

    async def _read(self, wanted: sa.Select[tuple[object, ...]]) -> list[KeptStatement]:
        def step(connections: Connections) -> list[KeptStatement]:
            with connections.vault.begin():
                rows: Sequence[sa.Row[tuple[object, ...]]] = connections.vault.execute(wanted).all()
            return [_kept(row) for row in rows]

        return await self._storage.writer.run(step)

    def _enter(self, connections: Connections) -> int:
        wanted = (
            sa.select(_TABLE.c.sequence, _TABLE.c.kind, _TABLE.c.digest)
            .where(_TABLE.c.log_index.is_(None))
            .order_by(_TABLE.c.sequence)
            .limit(_BATCH)
        )
        update = sa.update(_TABLE).where(_TABLE.c.sequence == sa.bindparam("of_statement"))
        count = 0
        while True:
            with connections.vault.begin():
                rows = connections.vault.execute(wanted).all()
            if not rows:
                return count
            first = self._log.append([digest_entry(EntryKind(row.kind), row.digest) for row in rows])
            places = [{"of_statement": row.sequence, "at_index": first + at} for at, row in enumerate(rows)]
            with connections.vault.begin():
                connections.vault.execute(update.values(log_index=sa.bindparam("at_index")), places)
            count += len(rows)


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptStatement:
    return KeptStatement(row.sequence, row.statement_id, row.statement, row.salt, row.log_index)
