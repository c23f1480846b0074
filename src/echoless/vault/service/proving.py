"""Puts together what proves: keys, log, receipts. Part of the composition of the vault."""

from __future__ import annotations

from collections.abc import Mapping

from echoless.core.build import build_hash
from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.receipt_records import GetProofKeys, RotateProofKey
from echoless.crossing.records import Record
from echoless.receipts.signing import StatementSigner
from echoless.vault.intake.receipting import Receipting
from echoless.vault.queries.audits import Act, AuditDesk
from echoless.vault.queries.receipts import ReceiptQueries
from echoless.vault.service.entering import Entering
from echoless.vault.service.walls import Walls
from echoless.vault.stores.audit_book import AuditBook
from echoless.vault.stores.key_safe import KeyRole, KeySafe
from echoless.vault.stores.proof_keys import ProofKeys as Keys
from echoless.vault.stores.proof_log import ProofLog, has_log, origin_of
from echoless.vault.stores.receipt_book import ReceiptBook, forget_entries
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections


class Proving:
    """Everything that signs: one key for receipts, one for the log.

    log_origin: what a new log is to be called; empty for a name made of its key
    """

    def __init__(
        self, storage: Storage, walls: Walls, clock: Clock, journal: Journal, *, log_origin: str, safe: KeySafe
    ) -> None:
        self._storage = storage
        self._clock = clock
        self.keys = Keys(storage.directory, safe)
        self._build_hash = build_hash()
        folder = storage.directory.log
        if not has_log(folder):
            self.keys.begin_new_log()
        origin = origin_of(folder, self.keys.log, log_origin)
        log = ProofLog(folder, origin, self.keys.log, self.keys.former_log_keys(), self.keys.settle)
        self.book = ReceiptBook(storage, StatementSigner(self.keys.receipts), log)
        self.entering = Entering(storage, log, clock, journal)
        self.queries = ReceiptQueries(self.book, self.keys)
        self.audits = AuditDesk(AuditBook(storage, self.book.sign, log), self.queries.keys, self._build_hash, clock)
        self.receipting = Receipting(
            issue=self.book.issue, confinement=walls.confinement, build_hash=self._build_hash, clock=clock,
            journal=journal,
        )  # fmt: skip

    async def open(self) -> None:
        """Enter what a crash left out, and which program runs from now on."""
        await self._storage.writer.run(self._forget_lost_entries)
        await self.book.enter_left_over()
        await self._storage.writer.run(lambda _: self._enter_unknown_keys())
        await self.entering.open(self._build_hash)

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {GetProofKeys: self._show_keys, RotateProofKey: self._rotate}

    async def _show_keys(self, _record: GetProofKeys) -> Record:
        return self.queries.keys()

    async def _rotate(self, record: RotateProofKey) -> Record:
        role = KeyRole.LOG if record.is_log else KeyRole.RECEIPTS
        await self._storage.writer.run(lambda connections: self._turn(connections, role))
        return self.queries.keys()

    def _turn(self, connections: Connections, role: KeyRole) -> None:
        # What the old key has signed is entered before the entry that ends it.
        self.book.left_over_entered(connections)
        self._enter_unknown_keys()
        try:
            self.keys.turn(role, self.book.log, self._now_unix())
        finally:
            self.book.sign_with(StatementSigner(self.keys.receipts))

    def _forget_lost_entries(self, connections: Connections) -> None:
        """Where the log is shorter than rows say, as after a restore without it, they are entered once more."""
        forget_entries(connections, self.book.log.state.size)

    def _enter_unknown_keys(self) -> None:
        self.keys.enter_unknown(self.book.log, self._now_unix())

    def _now_unix(self) -> int:
        return self._clock.unix_ms() // 1000

    async def close(self) -> None:
        """Sign and enter what waits."""
        await self.receipting.close()
        await self.entering.close()
