"""A report is sealed as it is written, and is in every form that was asked for (C61)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.reports.document import SEAL, read_document
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import check_sealed
from echoless.audit.reports.writing import Wanted, seal_report, write_report
from echoless.crossing.records import Refused
from tests.unit.audit.reports.samples import sample
from tests.unit.audit.reports.test_sealing import vault
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit


def test_a_sealed_report_is_written_whole_and_checked_from_its_file(tmp_path: Path) -> None:
    report = sample(is_failed=True)
    seal_report(report, vault)
    wanted = Wanted(tmp_path / "a.json", tmp_path / "a.html", tmp_path / "a.pdf")
    write_report(report, wanted)
    checked = check_sealed(read_document((tmp_path / "a.json").read_text()), KEYS)
    assert checked.audit.statement.verdict == "failed"
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_a_vault_that_does_not_seal_fails_the_audit() -> None:
    report = AuditReport()
    report.check("memory", True, "")
    assert report.is_passed
    seal_report(report, lambda _record: Refused("invalid_parameters", "no"))
    assert not report.is_passed
    assert report.seal == {}
    assert report.checks[-1].name == "the vault seals the report"


def test_without_a_seal_the_file_has_none(tmp_path: Path) -> None:
    write_report(sample(), Wanted(json=tmp_path / "a.json"))
    assert SEAL not in json.loads((tmp_path / "a.json").read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
