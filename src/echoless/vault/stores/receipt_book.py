"""(8) Receipts: signed in batches beside the requests' way, kept as rows, and entered into the log.

A row is durable before its entry is made; what a crash left without an entry gets one at the next start. An entry
alone tells nothing, so one too many harms nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from echoless.receipts.entries import SALT_BYTES, EntryKind, committed_entry
from echoless.receipts.growing import HashReader
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.receipt import RECEIPT_KIND, Receipt
from echoless.receipts.signing import StatementSigner
from echoless.vault.stores import schema
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row

_TABLE: Final = schema.receipts
_BATCH: Final = 500


def forget_entries(connections: Connections, size: int) -> None:
    """Forget of rows which entry is theirs, where the log has no such entry; a step for the writer's thread."""
    with connections.vault.begin():
        for table in (_TABLE, schema.logged_statements):
            connections.vault.execute(sa.update(table).where(table.c.log_index >= size).values(log_index=None))


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt as it is kept.

    index: of its entry; None while it has none
    """

    signed: str
    salt: bytes
    index: int | None


class ReceiptBook:
    """Signs, keeps and finds receipts.

    issued_count: since the start
    """

    def __init__(self, storage: Storage, signer: StatementSigner, log: ProofLog) -> None:
        self._storage = storage
        self._signer = signer
        self.log = log
        self.issued_count = 0
        # Whether rows of a batch that failed may be there without their entries.
        self._is_behind = False

    @property
    def public_key(self) -> dict[str, str]:
        """The key that receipts are signed with now."""
        return self._signer.public_key

    def sign_with(self, signer: StatementSigner) -> None:
        """Sign with another key from now on; a step for the writer's thread."""
        self._signer = signer

    def sign(self, kind: str, statement: Mapping[str, Any]) -> str:
        """Return another statement, signed with the key of receipts; a step for the writer's thread."""
        return self._signer.sign(kind, statement)

    async def issue(self, receipts: Sequence[Receipt]) -> None:
        """Sign receipts, keep them and enter them. The same ones may be given again after a failure.

        raises: EcholessError(STORE_UNAVAILABLE) where they could not be kept, or EcholessError(DATA_DIRECTORY)
                where the log could not take them
        """
        await self._storage.writer.run(lambda connections: self._issue(connections, receipts))
        self.issued_count += len(receipts)

    async def enter_left_over(self) -> int:
        """Make entries for receipts that a crash left without; return how many."""
        return await self._storage.writer.run(self.left_over_entered)

    async def append(self, entries: Sequence[bytes]) -> None:
        """Enter facts.

        raises: EcholessError(INTERNAL_ERROR) where the disk refuses
        """
        await self._storage.writer.run(lambda _connections: self.log.append(entries))

    async def find(self, workspace_id: str, request_id: str) -> KeptReceipt | None:
        """Return a receipt of a workspace, or None."""
        wanted = sa.select(_TABLE.c.signed, _TABLE.c.salt, _TABLE.c.log_index).where(
            _TABLE.c.request_id == request_id, _TABLE.c.workspace_id == workspace_id
        )

        def step(connections: Connections) -> KeptReceipt | None:
            with connections.vault.begin():
                row = connections.vault.execute(wanted).one_or_none()
            return None if row is None else KeptReceipt(row.signed, row.salt, row.log_index)

        return await self._storage.writer.run(step)

    def place_of(self, index: int) -> tuple[str, list[bytes]]:
        """Return the newest checkpoint and the path from an entry to its root; reads some tiles."""
        state, note = self.log.newest()
        return note, inclusion_proof(index, state.size, HashReader(state.size, self.log.fetch).hash_at)

    def _issue(self, connections: Connections, receipts: Sequence[Receipt]) -> None:
        signed = self._signer.sign_all(RECEIPT_KIND, [receipt.statement() for receipt in receipts])
        rows: list[Row] = [
            {
                "request_id": receipt.request_id, "workspace_id": receipt.workspace_id,
                "minute_unix": receipt.minute_unix, "signed": text,
                "salt": secrets.token_bytes(SALT_BYTES), "log_index": None,
            }
            for receipt, text in zip(receipts, signed, strict=True)
        ]  # fmt: skip
        was_behind, self._is_behind = self._is_behind, True
        with connections.vault.begin():
            if was_behind:
                wanted = sa.select(_TABLE.c.request_id).where(
                    _TABLE.c.request_id.in_([row["request_id"] for row in rows])
                )
                known = set(connections.vault.execute(wanted).scalars())
                rows = [row for row in rows if row["request_id"] not in known]
            if rows:
                connections.vault.execute(sa.insert(_TABLE), rows)
        if was_behind:
            self.left_over_entered(connections)
        else:
            self._enter(connections, [(row["request_id"], row["salt"], row["signed"]) for row in rows])
        self._is_behind = False

    def _enter(self, connections: Connections, kept: Sequence[tuple[str, bytes, str]]) -> None:
        first = self.log.append([committed_entry(EntryKind.RECEIPT, salt, signed) for _, salt, signed in kept])
        update = (
            sa.update(_TABLE)
            .where(_TABLE.c.request_id == sa.bindparam("of_request"))
            .values(log_index=sa.bindparam("at_index"))
        )
        places = [{"of_request": request_id, "at_index": first + at} for at, (request_id, _, _) in enumerate(kept)]
        with connections.vault.begin():
            connections.vault.execute(update, places)

    def left_over_entered(self, connections: Connections) -> int:
        """Make entries for receipts that have none; a step for the writer's thread."""
        wanted = sa.select(_TABLE.c.request_id, _TABLE.c.salt, _TABLE.c.signed).where(_TABLE.c.log_index.is_(None))
        count = 0
        while True:
            with connections.vault.begin():
                rows = connections.vault.execute(wanted.limit(_BATCH)).all()
            if not rows:
                return count
            self._enter(connections, [(row.request_id, row.salt, row.signed) for row in rows])
            count += len(rows)
