"""(queries) Proofs from the transparency log for anybody, and changes of policy for whoever may see the trail."""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.proof_records import (
    Consistency,
    GetConsistency,
    GetInclusion,
    Inclusion,
    ListPolicyChanges,
    PolicyChangePage,
    PolicyChangeView,
)
from echoless.crossing.records import Record, Refused
from echoless.receipts.checkpoint import Checkpoint
from echoless.receipts.growing import HashReader
from echoless.receipts.merkle import consistency_proof, inclusion_proof
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.logged_statements import KeptStatement, StatementBook
from echoless.vault.stores.proof_log import ProofLog

PAGE_MAX: Final = 100
_NO_SUCH: Final = "The log has no such entry or size."


class ProofQueries:
    """Answers about places in the log."""

    def __init__(self, log: ProofLog, statements: StatementBook) -> None:
        self._log = log
        self._statements = statements

    def public(self, question: GetInclusion | GetConsistency) -> Record:
        """Answer what anybody may ask; a refusal is an answer too."""
        try:
            if isinstance(question, GetInclusion):
                return self.inclusion(question.index, question.size)
            return self._consistency(question)
        except EcholessError as error:
            return Refused(code=error.code.value, message=error.public_description, param=error.param)

    def inclusion(self, index: int, size: int = 0) -> Inclusion:
        """Return where an entry is in the tree of a size, or of the newest.

        raises: EcholessError(INVALID_PARAMETERS) for an entry or a size that the log has not
        """
        newest, note = self._log.newest()
        proof = inclusion_proof(index, _size(size, newest), HashReader(newest.size, self._log.fetch).hash_at)
        return Inclusion(index, note, proof)

    def _consistency(self, question: GetConsistency) -> Consistency:
        newest, note = self._log.newest()
        size = _size(question.size, newest)
        reader = HashReader(newest.size, self._log.fetch)
        proof = consistency_proof(question.old_size, size, reader.hash_at)
        return Consistency(question.old_size, size, note, proof)

    async def place_of(self, statement_id: str) -> tuple[bytes, Inclusion | None]:
        """Return the salt of a statement and where the log has it; nothing of either where there is none."""
        kept = await self._statements.find(statement_id)
        if kept is None:
            return b"", None
        return kept.salt, None if kept.index is None else self.inclusion(kept.index)

    async def changes(self, caller: Caller, question: ListPolicyChanges) -> PolicyChangePage:
        """Return what changed in the caller's workspace, each with its salt and its place in the log."""
        limit = min(max(question.limit, 1), PAGE_MAX)
        found = await self._statements.page(caller.workspace_id, limit + 1, question.before or None)
        views = [self._view(kept) for kept in found[:limit]]
        return PolicyChangePage(views, views[-1].sequence if len(found) > limit else 0)

    def _view(self, kept: KeptStatement) -> PolicyChangeView:
        inclusion = None if kept.index is None else self.inclusion(kept.index)
        return PolicyChangeView(kept.sequence, kept.text, kept.salt, inclusion)


def _size(size: int, newest: Checkpoint) -> int:
    if size > newest.size:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, _NO_SUCH, param="size")
    return size or newest.size
