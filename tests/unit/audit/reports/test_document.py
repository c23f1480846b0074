"""A report as JSON says its form, comes back as it was, and has one digest however it is spaced."""

from __future__ import annotations

import json

import pytest

from echoless.audit.reports.document import SEAL, digest_of, document_of, read_document, text_of
from echoless.audit.reports.report import SCHEMA, AuditReport
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit


def _report() -> AuditReport:
    report = AuditReport(began_unix_s=1_790_000_000, build_hash="b" * 64, duration_s=12.345678901234567)
    report.check("memory after round 1", True, "0 canaries", "C32")
    report.check("control: a request in flight is found", False, "0 copies", "C34")
    return report


def test_the_document_says_its_schema_and_comes_back() -> None:
    document = document_of(_report())
    again = read_document(text_of(document))
    assert again == document
    assert again["schema"] == SCHEMA
    assert (again["is_passed"], again["mode"]) == (False, "own")
    assert again["checks"][1]["proves"] == ["C34"]


def test_every_numbered_check_has_its_standing_and_each_catalogue_its_items() -> None:
    document = document_of(_report())
    standing = {row["code"]: row["standing"] for row in document["retention_checks"]}
    assert len(standing) == 62
    assert (standing["C32"], standing["C34"], standing["C55"]) == ("passed", "failed", "by tests")
    assert "C32" in document["catalogues"]["NIST SP 800-53 r5"]["SC-4"]
    assert "no certificate" in document["no_certificate"]


def test_the_digest_is_of_what_is_said_and_not_of_how_it_is_written() -> None:
    document = document_of(_report())
    digest = digest_of(document)
    assert digest_of(json.loads(json.dumps(document, sort_keys=True, indent=None))) == digest
    assert digest_of({**document, SEAL: {"signed": "x"}}) == digest
    assert digest_of({**document, "is_passed": True}) != digest


def test_what_has_no_canonical_form_has_no_digest() -> None:
    with pytest.raises(EcholessError):
        digest_of({"duration_s": float("nan")})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "echoless-audit-report/1"}', "<html>",
             '{"schema": "x", "is_passed": true, "checks": 1, "mode": "own"}'],
)  # fmt: skip
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(EcholessError, match="no report"):
        read_document(text)


def test_another_form_is_refused() -> None:
    document = {**document_of(_report()), "schema": "echoless-audit-report/2"}
    with pytest.raises(EcholessError, match="not of the form"):
        read_document(text_of(document))
