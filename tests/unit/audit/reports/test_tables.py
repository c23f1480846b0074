"""At the terminal failures and controls catch the eye, and nothing of them is taken for a style."""

from __future__ import annotations

import pytest
from rich.console import Console

from echoless.audit.reports.report import NOT_SEARCHED, AuditReport, Finding, Searched
from echoless.audit.reports.tables import print_report

pytestmark = pytest.mark.unit


def _shown(report: AuditReport) -> str:
    console = Console(record=True, width=200)
    print_report(report, console)
    return console.export_text()


def test_controls_come_first_and_one_that_was_not_found_says_so() -> None:
    report = AuditReport()
    report.check("memory after round 1", True, "0 canaries", "C32")
    report.check("control: a request in flight is found", False, "0 copies", "C34")
    shown = _shown(report)
    assert shown.index("control: a request") < shown.index("memory after round 1")
    assert "NOT FOUND" in shown
    assert "what failed" in shown
    assert "1 passed, 1 failed" in shown


def test_what_was_not_searched_is_not_called_well() -> None:
    report = AuditReport()
    report.check("free blocks", True, f"{NOT_SEARCHED} here: no device")
    (row,) = (line for line in _shown(report).splitlines() if "no device" in line)
    assert "not searched" in row
    assert " ok " not in row


def test_a_report_says_in_a_line_where_it_is_sealed_or_why_not() -> None:
    report = AuditReport(unsealed="nobody is at its [door]")
    assert "Not sealed: nobody is at its [door]." in _shown(report)
    sealed = AuditReport(seal={"inclusion": {"index": 7}})
    assert "as entry 7 of its log" in _shown(sealed)
    assert "Not sealed" not in _shown(sealed)


def test_a_report_that_passed_has_no_table_of_failures() -> None:
    report = AuditReport()
    report.check("memory", True, "0 canaries")
    shown = _shown(report)
    assert "PASSED" in shown
    assert "what failed" not in shown


def test_places_and_findings_are_shown_as_they_are_called() -> None:
    report = AuditReport(
        findings=[Finding("memory: engine 7 [heap]", "utf-8", f"zero/it/{number}", 1) for number in range(61)],
        searched=[Searched("free blocks [loop0]", "free blocks", 9, 3 << 20, 2, 1, 0.5)],
    )
    report.check("x", False, "found in [heap]")
    shown = _shown(report)
    for words in ("engine 7 [heap]", "free blocks [loop0]", "found in [heap]", "1 more in the JSON", "3.0"):
        assert words in shown
