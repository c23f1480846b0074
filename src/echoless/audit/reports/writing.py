"""Writes a report to files, each in its form; and has it sealed before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from echoless.audit.reports.document import SEAL, document_of, text_of
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import Ask, seal
from echoless.core.errors import EcholessError


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files are wanted; None for none."""

    json: Path | None = None
    html: Path | None = None
    pdf: Path | None = None


def seal_report(report: AuditReport, ask: Ask) -> None:
    """Have a finished report sealed by a vault; nothing of it may change afterwards.

    A vault that does not seal is a check that failed, and the report stays without a seal.
    """
    try:
        report.seal = seal(document_of(report), ask)[SEAL]
    except EcholessError as error:
        reason = error.public_description
    else:
        return
    note_unsealed(report, reason)


def note_unsealed(report: AuditReport, reason: str) -> None:
    """Note that a vault did not seal a report, which fails it, and why."""
    report.unsealed = reason
    report.check("the vault seals the report", False, reason)


def write_report(report: AuditReport, wanted: Wanted) -> None:
    """Write the files that are wanted.

    raises: OSError where a file cannot be written
    """
    document = document_of(report)
    if wanted.json is not None:
        wanted.json.write_text(text_of(document), encoding="utf-8")
    makers: tuple[tuple[Path | None, Callable[[], bytes]], ...] = (
        (wanted.html, lambda: _page(report, document)),
        (wanted.pdf, lambda: _paper(report, document)),
    )
    for path, make in makers:
        if path is not None:
            path.write_bytes(make())


def _page(report: AuditReport, document: dict[str, object]) -> bytes:
    from echoless.audit.reports.page import page_of

    return page_of(report, document).encode("utf-8")


def _paper(report: AuditReport, document: dict[str, object]) -> bytes:
    from echoless.audit.reports.paper import pdf_of

    return pdf_of(report, document)
