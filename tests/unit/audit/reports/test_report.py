"""A report passes only when every check did, and never shows a word."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from echoless.audit.reports.report import AuditReport, Check, View
from echoless.audit.reports.tables import print_report
from echoless.audit.search.memory_scan import Hit, MemoryScan, ProcessScan
from echoless.core.processes import ProcessIdentity

pytestmark = pytest.mark.unit


def _report() -> AuditReport:
    engine = ProcessIdentity(7, 1, "engine")
    hits = (
        Hit(7, "engine", "[heap]", "utf-8", "zero/it/text", 1),
        Hit(7, "engine", "[heap]", "utf-8", "zero/it/text", 2),
        Hit(7, "engine", "[stack]", "utf-16", "kept/it/text", 3),
    )
    report = AuditReport(view=View.AUDIT_VIEW)
    report.add_memory(
        "memory", MemoryScan((ProcessScan(engine, 9, 1000, 990),), hits, 50), frozenset({"kept/it/text"})
    )
    return report


def test_copies_are_counted_by_whether_they_may_be_there() -> None:
    (row,) = _report().processes
    assert (row.zero_copies, row.kept_copies, row.region_count, row.read_bytes) == (2, 1, 9, 990)


def test_findings_say_where_what_and_how_often() -> None:
    assert {(f.where, f.kind, f.canary, f.count) for f in _report().findings} == {
        ("memory: engine 7 [heap]", "utf-8", "zero/it/text", 2),
        ("memory: engine 7 [stack]", "utf-16", "kept/it/text", 1),
    }


@pytest.mark.parametrize(("results", "is_passed"), [([], False), ([True], True), ([True, False], False)])
def test_it_passes_only_with_every_check(results: list[bool], is_passed: bool) -> None:
    report = AuditReport()
    for number, result in enumerate(results):
        report.check(f"check {number}", result, "")
    assert report.is_passed is is_passed
    assert json.loads(report.as_json())["is_passed"] is is_passed


def test_the_tables_show_regions_and_the_view() -> None:
    report = _report()
    report.check("memory", False, "1 canary")
    console = Console(record=True, width=160)
    print_report(report, console)
    shown = console.export_text()
    for words in ("[heap]", "zero/it/text", "FAILED", "audit view", "99.0 %"):
        assert words in shown


@pytest.mark.parametrize(
    ("name", "is_control"),
    [("control: allocator off", True), ("leak: extended attribute", True), ("without: seccomp", True),
     ("memory after round 1", False), ("positive control", False)],
)  # fmt: skip
def test_what_had_to_be_found_is_known_by_its_name(name: str, is_control: bool) -> None:
    assert Check(name, True, "").is_control is is_control


def test_a_seal_is_a_member_only_where_there_is_one() -> None:
    assert "seal" not in json.loads(AuditReport().as_json())
    assert json.loads(AuditReport(seal={"signed": "a.b.c"}).as_json())["seal"] == {"signed": "a.b.c"}
