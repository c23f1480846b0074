"""The vault's signed word about an audit's report: its digest and its verdict, at a minute. Pure.

The vault does not say that the verdict is true: it was told so through the operator's door. It says that this very
report was there at that time, so that nobody can exchange it later, or drop one that failed: its entry is in the
log, and openly, since a report holds nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.placement import check_entry
from echoless.receipts.proof import end_of
from echoless.receipts.signing import Fault, verify_signed, wrong

AUDIT_KIND: Final = "echoless-audit+jws"
VERSION: Final[Literal[1]] = 1
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Minute = Annotated[int, msgspec.Meta(ge=0, multiple_of=60)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class AuditStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed.

    report_sha256: over the report's canonical JSON without its seal
    mode:          what was audited: `own`, `running`, `live`, `lab`, `leaks`, `mutations`
    minute_unix:   when it was signed, cut to the minute
    build_hash:    of the program whose vault signed
    """

    report_sha256: _Digest
    verdict: Literal["passed", "failed"]
    mode: str
    check_count: _Count
    failed_count: _Count
    minute_unix: _Minute
    build_hash: str
    version: Literal[1] = VERSION

    def statement(self) -> dict[str, Any]:
        """Return what is signed."""
        statement: dict[str, Any] = msgspec.to_builtins(self)
        return statement

    def entry(self) -> bytes:
        """Return its entry in the log."""
        return fact_entry(
            EntryKind.AUDIT, self.minute_unix, report=self.report_sha256, verdict=self.verdict, mode=self.mode
        )


@dataclass(frozen=True, slots=True)
class CheckedAudit:
    """A seal that holds.

    index, checkpoint: where the log has it
    """

    statement: AuditStatement
    index: int
    checkpoint: Checkpoint


def check_audit(seal: Mapping[str, Any], keys: Mapping[str, Any], report_sha256: str) -> CheckedAudit:
    """Check the seal of a report.

    seal:          `signed` and `inclusion`, as they are in the report's file
    keys:          the answer of `GET /v1/transparency-log/keys`: `keys` and `log_key`
    report_sha256: of the report that is at hand
    raises:        EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    public_keys, signed, inclusion = keys.get("keys"), seal.get("signed"), seal.get("inclusion")
    if not isinstance(public_keys, list) or not isinstance(signed, str) or not isinstance(inclusion, Mapping):
        raise _wrong("the seal or the keys cannot be read")
    members, key = verify_signed(AUDIT_KIND, signed, public_keys)
    statement, end = _parsed(members), end_of(key)
    if end is not None and statement.minute_unix > end.unix_s:
        raise wrong(Fault.EXPIRED_KEY)
    if statement.report_sha256 != report_sha256:
        raise _wrong("the report is not the one that was sealed")
    place = check_entry(statement.entry(), inclusion, LogKeys.parse(keys))
    if end is not None and end.entry is not None and place.index >= end.entry:
        # A stolen key can date a statement back, but not enter it before the entry that ends the key.
        raise wrong(Fault.EXPIRED_KEY)
    return CheckedAudit(statement, place.index, place.checkpoint)


def _parsed(statement: Mapping[str, Any]) -> AuditStatement:
    try:
        parsed = msgspec.convert(dict(statement), AuditStatement)
    except msgspec.ValidationError:
        parsed = None
    if parsed is None or parsed.statement() != dict(statement):
        raise _wrong("what is signed is no statement about an audit")
    return parsed


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The report does not hold: {reason}.")
