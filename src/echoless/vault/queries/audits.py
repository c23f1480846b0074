"""(queries) Audits: the operator's audit has its report's digest signed, and asks for the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.audit_records import AuditSigned, GetLastAudit, LastAudit, SignAudit
from echoless.crossing.receipt_records import ProofKeys
from echoless.crossing.records import Record
from echoless.receipts.audit_statement import AuditStatement
from echoless.receipts.receipt import to_minute
from echoless.vault.stores.audit_book import AuditBook

Act = Callable[[Any], Awaitable[Record]]
_MODES: Final = frozenset({"own", "running", "live", "lab", "leaks", "mutations"})


class AuditDesk:
    """Answers about audits.

    keys: whose signatures are to be believed, at any time
    """

    def __init__(self, book: AuditBook, keys: Callable[[], ProofKeys], build_hash: str, clock: Clock) -> None:
        self._book = book
        self._keys = keys
        self._build_hash = build_hash
        self._clock = clock

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {SignAudit: self._sign, GetLastAudit: self._last}

    async def _sign(self, record: SignAudit) -> Record:
        _check(record)
        statement = AuditStatement(
            report_sha256=record.report_sha256, verdict="passed" if record.is_passed else "failed",
            mode=record.mode, check_count=record.check_count, failed_count=record.failed_count,
            minute_unix=to_minute(self._clock.unix_ms() // 1000), build_hash=self._build_hash,
        )  # fmt: skip
        entered = await self._book.enter(statement)
        keys = self._keys()
        return AuditSigned(
            signed=entered.signed, index=entered.index, checkpoint=entered.checkpoint, proof=entered.proof,
            receipt_keys=keys.receipt_keys, log_key=keys.log_key, log_keys=keys.log_keys,
        )  # fmt: skip

    @property
    def newest(self) -> AuditStatement | None:
        """The statement that was signed last since the start."""
        return self._book.last

    async def _last(self, _record: GetLastAudit) -> Record:
        last = self._book.last
        if last is None:
            return LastAudit(minute_unix=0, is_passed=False, mode="", failed_count=0)
        return LastAudit(last.minute_unix, last.verdict == "passed", last.mode, last.failed_count)


def _check(record: SignAudit) -> None:
    """A verdict must fit its numbers: an audit without checks, or with one that failed, has not passed."""
    has_passed = record.check_count > 0 and record.failed_count == 0
    if record.mode not in _MODES or record.failed_count > record.check_count or record.is_passed != has_passed:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The verdict does not fit the numbers of checks.")
