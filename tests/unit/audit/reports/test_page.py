"""The page holds everything itself, runs nothing, escapes every word, and shows failures and controls first."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from echoless.audit.reports.document import SEAL, document_of
from echoless.audit.reports.page import page_of
from echoless.audit.reports.report import NOT_SEARCHED, AuditReport
from tests.unit.audit.reports.samples import sample

pytestmark = pytest.mark.unit
VOID = {"meta", "br", "path", "use", "rect", "line"}


class Reader(HTMLParser):
    """Reads a page, notes what it would load or run, and whether elements end in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}:
            self.loads.append(tag)
        for name, value in attrs:
            is_own = name in {"href", "xlink:href"} and (value or "").startswith("#")
            if name.startswith("on") or (name in {"src", "href", "xlink:href", "action"} and not is_own):
                self.loads.append(f"{tag} {name}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(report: AuditReport, **more: object) -> tuple[str, Reader]:
    page = page_of(report, document_of(report) | more)
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return page, reader


@pytest.mark.parametrize("is_failed", [False, True])
def test_it_loads_and_runs_nothing(is_failed: bool) -> None:
    page, reader = read(sample(is_failed=is_failed))
    assert reader.loads == []
    assert "default-src 'none'" in page
    assert "@import" not in page


def test_a_failure_stands_at_the_top_and_a_control_that_was_not_found_too() -> None:
    page, reader = read(sample(is_failed=True))
    assert '<header class="bad"' in page
    assert "What failed" in page
    assert page.index("What failed") < page.index("Positive controls")
    assert "NOT FOUND" in " ".join(reader.words)
    good, _ = read(sample())
    assert '<header class="good"' in good
    assert "What failed" not in good
    assert "NOT FOUND" not in good


def test_without_controls_it_says_that_little_is_shown() -> None:
    report = AuditReport()
    report.check("memory", True, "0 canaries")
    assert "no positive controls" in read(report)[0]


def test_what_was_not_searched_is_not_called_well() -> None:
    report = AuditReport()
    report.check("free blocks", True, f"{NOT_SEARCHED} here: no device")
    page, _ = read(report)
    assert 'badge quiet">not searched' in page
    assert 'badge good">ok' not in page
    # What must be searched and was not has failed, and says so.
    report.checks[:] = [replace(report.checks[0], is_passed=False)]
    assert 'badge bad">FAILED' in read(report)[0]


def test_words_of_a_report_are_escaped() -> None:
    report = AuditReport(build_hash='"><script>1</script>')
    report.check("<script>alert(1)</script>", False, "<img src=x onerror=y>")
    page, reader = read(report)
    assert reader.loads == []
    assert "&lt;script&gt;" in page


def test_every_numbered_check_and_every_catalogue_is_there() -> None:
    _, reader = read(sample())
    for word in ("C1", "C62", "OWASP ASVS 5.0.0", "NIST SP 800-53 r5", "SC-4", "PCI DSS 4.0"):
        assert word in reader.words, word
    assert any("no certificate" in words for words in reader.words)


def test_it_says_whether_it_is_sealed() -> None:
    assert "not sealed" in read(sample())[0]
    assert "nobody is at its &lt;door&gt;" in read(sample(), unsealed="nobody is at its <door>")[0]
    page, _ = read(sample(), **{SEAL: {"signed": "a.b.c", "inclusion": {"index": 7}}})
    assert "entry 7" in page
    assert "a.b.c" in page


def test_an_audit_that_noted_nothing_has_a_page_too() -> None:
    page, _ = read(AuditReport())
    assert "FAILED" in page


def test_tables_are_moved_on_a_narrow_screen_and_not_squeezed() -> None:
    """A column that takes what is left over stands there letter by letter."""
    page, _ = read(sample())
    assert page.count('<div class="wide"><table>') == page.count("<table>") > 1
    assert re.search(r"\.wide \{ overflow-x: auto; \}", page)
    assert re.search(r"\.wide table \{ min-width: \d\drem; \}", page)
