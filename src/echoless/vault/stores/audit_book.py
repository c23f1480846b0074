"""(8) Audits: their reports' digests are signed and entered into the log.

The entry is durable before anybody gets the signature. There is no row: the report has the statement beside it, and
the log has the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from echoless.receipts.audit_statement import AUDIT_KIND, AuditStatement
from echoless.receipts.growing import HashReader
from echoless.receipts.merkle import inclusion_proof
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

Sign = Callable[[str, Mapping[str, Any]], str]
"""Signs a statement of a kind."""


@dataclass(frozen=True, slots=True)
class EnteredAudit:
    """A statement with its place in the log.

    checkpoint: a signed note that covers it
    """

    signed: str
    index: int
    checkpoint: str
    proof: list[bytes]


class AuditBook:
    """Signs statements about audits and enters them.

    last: the statement that was signed last since the start
    """

    def __init__(self, storage: Storage, sign: Sign, log: ProofLog) -> None:
        self._storage = storage
        self._sign = sign
        self._log = log
        self.last: AuditStatement | None = None

    async def enter(self, statement: AuditStatement) -> EnteredAudit:
        """Enter a statement into the log and sign it.

        raises: EcholessError(INTERNAL_ERROR) where the disk refuses: nothing is signed then
        """
        entered = await self._storage.writer.run(lambda connections: self._enter(connections, statement))
        self.last = statement
        return entered

    def _enter(self, _connections: Connections, statement: AuditStatement) -> EnteredAudit:
        index = self._log.append([statement.entry()])
        signed = self._sign(AUDIT_KIND, statement.statement())
        size = self._log.state.size
        proof = inclusion_proof(index, size, HashReader(size, self._log.fetch).hash_at)
        return EnteredAudit(signed, index, self._log.note(), proof)
