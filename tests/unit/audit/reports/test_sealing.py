"""A sealed report is believed as a whole: any change of it, of its seal or of its verdict is caught (C61)."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from echoless.audit.reports.document import SEAL, document_of, read_document, text_of
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import check_sealed, seal
from echoless.core.errors import EcholessError
from echoless.crossing.audit_records import AuditSigned, SignAudit
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record, Refused
from echoless.receipts.audit_statement import AuditStatement
from tests.unit.receipts import test_audit_statement as statements

pytestmark = pytest.mark.unit


def vault(record: Record) -> Record:
    """Answers as a vault does."""
    assert isinstance(record, SignAudit)
    statement = AuditStatement(
        report_sha256=record.report_sha256, verdict="passed" if record.is_passed else "failed", mode=record.mode,
        check_count=record.check_count, failed_count=record.failed_count, minute_unix=60, build_hash="b",
    )  # fmt: skip
    made = statements.sealed(statement)
    return AuditSigned(
        made["signed"], made["inclusion"]["index"], made["inclusion"]["checkpoint"],
        [base64.b64decode(part) for part in made["inclusion"]["proof"]],
        statements.KEYS["keys"], statements.KEYS["log_key"],
    )  # fmt: skip


def sealed_report() -> dict[str, Any]:
    report = AuditReport(duration_s=1.5)
    report.check("memory", True, "0 canaries", "C32")
    report.check("files", False, "1 canary", "C16")
    return seal(document_of(report), vault)


def test_a_sealed_report_holds_with_keys_from_elsewhere_and_with_its_own() -> None:
    document = read_document(text_of(sealed_report()))
    checked = check_sealed(document, statements.KEYS)
    assert checked.is_from_elsewhere
    assert (checked.audit.statement.verdict, checked.audit.statement.failed_count) == ("failed", 1)
    assert not check_sealed(document, None).is_from_elsewhere


@pytest.mark.parametrize("path", [("is_passed",), ("checks", 1, "is_passed"), ("duration_s",), ("mode",)])
def test_a_changed_member_is_caught(path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(sealed_report())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = {"duration_s": 1.25, "mode": "lab"}.get(path[-1], True)
    with pytest.raises(EcholessError, match="not the one that was sealed"):
        check_sealed(document, statements.KEYS)


def test_a_report_whose_own_verdict_hides_a_failure_is_caught_although_it_is_signed() -> None:
    report = AuditReport()
    report.check("files", False, "1 canary")
    document = document_of(report) | {"is_passed": True}

    def lying(record: Record) -> Record:
        assert isinstance(record, SignAudit)
        return vault(SignAudit(record.report_sha256, True, record.mode, 1, 0))

    with pytest.raises(EcholessError, match="verdict"):
        check_sealed(seal(document, lying), statements.KEYS)


def test_a_report_without_a_seal_or_with_a_foreign_one_does_not_hold() -> None:
    document = sealed_report()
    with pytest.raises(EcholessError, match="no seal"):
        check_sealed({name: value for name, value in document.items() if name != SEAL}, statements.KEYS)
    other = AuditReport()
    other.check("memory", True, "")
    with pytest.raises(EcholessError, match="not the one"):
        check_sealed(document_of(other) | {SEAL: document[SEAL]}, statements.KEYS)


def test_a_vault_that_refuses_or_answers_something_else_leaves_no_seal() -> None:
    document = document_of(AuditReport())
    with pytest.raises(EcholessError, match="does not sign"):
        seal(document, lambda _record: Refused("invalid_parameters", "no"))
    with pytest.raises(EcholessError, match="another question"):
        seal(document, lambda _record: Done())
