"""(queries) Receipts of one's own requests, and the public log."""

from __future__ import annotations

import re
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.receipt_records import (
    GetProofKeys,
    GetReceipt,
    LogFile,
    ProofKeys,
    ReadLogFile,
    ReceiptView,
)
from echoless.crossing.records import Record, Refused
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.proof_keys import ProofKeys as Keys
from echoless.vault.stores.receipt_book import ReceiptBook

_LOG_PATH: Final = re.compile(r"checkpoint|tile/(?:entries|[0-5])(?:/x\d{3}){0,3}/\d{3}(?:\.p/[1-9]\d{0,2})?")
_NO_RECEIPT: Final = "There is no receipt of such a request, or not yet: it is signed a second after the request."
_NO_FILE: Final = "The log has no such file."


class ReceiptQueries:
    """Answers about receipts; about the log also to whoever has no key."""

    def __init__(self, book: ReceiptBook, keys: Keys) -> None:
        self._book = book
        self._keys = keys

    async def receipt(self, caller: Caller, question: GetReceipt) -> Record:
        """Answer with a receipt and its place in the log.

        raises: EcholessError(NOT_FOUND) for an unknown request, or another workspace's
        """
        kept = await self._book.find(caller.workspace_id, question.request_id)
        if kept is None:
            raise EcholessError(ErrorCode.NOT_FOUND, _NO_RECEIPT)
        if kept.index is None:
            return ReceiptView(kept.signed, kept.salt)
        note, proof = self._book.place_of(kept.index)
        return ReceiptView(kept.signed, kept.salt, checkpoint=note, index=kept.index, proof=proof)

    def keys(self) -> ProofKeys:
        """Return whose signatures are to be believed."""
        origin, safe = self._book.log.verifier.name, self._keys.safe
        return ProofKeys(
            self._keys.receipt_keys(), self._keys.log_key(origin), self._keys.log_keys(origin),
            memory=safe.memory_kind.value, at_rest=safe.at_rest.value,
        )  # fmt: skip

    def public(self, question: ReadLogFile | GetProofKeys) -> Record:
        """Answer what anybody may ask."""
        if isinstance(question, GetProofKeys):
            return self.keys()
        # What is no path of a log is never looked for on the disk.
        is_path = _LOG_PATH.fullmatch(question.path) is not None
        data = self._book.log.fetch(question.path) if is_path else None
        return Refused(ErrorCode.NOT_FOUND.value, _NO_FILE) if data is None else LogFile(data)
