"""Records of audits, over the operator's door: a report's digest is signed and entered into the log."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

_Signed = Annotated[str, msgspec.Meta(max_length=64 * 1024)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class SignAudit(Record, frozen=True):
    """Asks the audited vault to sign the digest and the verdict of a report. Answered by AuditSigned or Refused.

    report_sha256: over the report's canonical JSON
    mode:          what was audited
    """

    KIND: ClassVar[int] = 525
    report_sha256: _Digest
    is_passed: bool
    mode: Code
    check_count: Count
    failed_count: Count


class AuditSigned(Record, frozen=True):
    """The statement, where the log has it, and whose signatures these are.

    checkpoint:   a signed note
    proof:        hashes from the entry to the root of the checkpoint
    receipt_keys: JSON Web Keys, of which one signed
    log_key:      a verifier key in the form of signed notes
    log_keys:     all keys of the log, with their times
    """

    KIND: ClassVar[int] = 526
    signed: _Signed
    index: Count
    checkpoint: _Signed
    proof: Annotated[list[bytes], msgspec.Meta(max_length=64)]
    receipt_keys: list[dict[str, str | int]]
    log_key: Name
    log_keys: list[dict[str, str | int]] = msgspec.field(default_factory=list)


class GetLastAudit(Record, frozen=True):
    """Asks for the audit that was signed last since the server started. Answered by LastAudit."""

    KIND: ClassVar[int] = 527


class LastAudit(Record, frozen=True):
    """The audit that was signed last.

    minute_unix: 0 where there was none since the start
    """

    KIND: ClassVar[int] = 528
    minute_unix: Count
    is_passed: bool
    mode: Code
    failed_count: Count


AUDIT_RECORDS: Final[tuple[type[Record], ...]] = (SignAudit, AuditSigned, GetLastAudit, LastAudit)
"""Between the operator and the vault."""
