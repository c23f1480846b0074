"""A report is sealed by a vault of the audited installation: it signs digest and verdict, and logs them openly.

Where nobody can reach the vault's door, as over the network, a report stays unsealed and says why.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from echoless.audit.reports.document import SEAL, digest_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.audit_records import AuditSigned, SignAudit
from echoless.crossing.records import Record, Refused
from echoless.receipts.audit_statement import CheckedAudit, check_audit

Ask = Callable[[Record], Record]
"""Puts a question to the vault."""


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """A sealed report that holds.

    is_from_elsewhere: whether the keys came from outside the file; else it only shows that the file is whole
    """

    audit: CheckedAudit
    is_from_elsewhere: bool


def seal(document: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """Return a document with its seal.

    raises: EcholessError where the vault refuses or cannot be reached
    """
    checks = document["checks"]
    answer = ask(
        SignAudit(
            report_sha256=digest_of(document), is_passed=bool(document["is_passed"]), mode=document["mode"],
            check_count=len(checks), failed_count=sum(not check["is_passed"] for check in checks),
        )
    )  # fmt: skip
    if isinstance(answer, Refused):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"the vault does not sign: {answer.message}")
    if not isinstance(answer, AuditSigned):
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "the vault gave an answer to another question")
    return {**document, SEAL: _members(answer)}


def check_sealed(document: Mapping[str, Any], keys: Mapping[str, Any] | None) -> CheckedReport:
    """Check a report: its seal, its place in the log, and that its verdict is that of its checks.

    keys:   the answer of `GET /v1/transparency-log/keys`, saved earlier; None takes those in the file
    raises: EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    sealed = document.get(SEAL)
    if not isinstance(sealed, Mapping):
        raise _wrong("it has no seal")
    believed = keys if keys is not None else keys_in_seal(document) or {}
    audit = check_audit(sealed, believed, digest_of(dict(document)))
    checks = document["checks"]
    has_passed = bool(checks) and all(check.get("is_passed") is True for check in checks)
    verdicts = {document["is_passed"] is True, has_passed, audit.statement.verdict == "passed"}
    counts = (len(checks), sum(check.get("is_passed") is not True for check in checks))
    if len(verdicts) != 1 or counts != (audit.statement.check_count, audit.statement.failed_count):
        raise _wrong("its verdict is not that of its checks")
    return CheckedReport(audit, is_from_elsewhere=keys is not None)


def keys_in_seal(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the keys that a report has with it, which nobody vouches for; None where it has none."""
    sealed = document.get(SEAL)
    keys = sealed.get("keys") if isinstance(sealed, Mapping) else None
    return keys if isinstance(keys, Mapping) else None


def _members(answer: AuditSigned) -> dict[str, Any]:
    return {
        "signed": answer.signed,
        "inclusion": {
            "index": answer.index, "checkpoint": answer.checkpoint,
            "proof": [base64.b64encode(part).decode("ascii") for part in answer.proof],
        },
        "keys": {"keys": answer.receipt_keys, "log_key": answer.log_key, "log_keys": answer.log_keys},
    }  # fmt: skip


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The report does not hold: {reason}.")
