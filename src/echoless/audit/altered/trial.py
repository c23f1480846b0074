"""Audits a server of an altered build, and says whether what was altered was found where it is."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from echoless.audit.altered.alteration import Alteration
from echoless.audit.altered.installation import install_altered
from echoless.audit.client import BROKEN_OFF, ending_of
from echoless.audit.lab import run_lab
from echoless.audit.options import AuditOptions
from echoless.audit.planting import ZERO
from echoless.audit.reports.report import CAME_TO_ITS_END, AuditReport
from echoless.audit.session import run_audit


def audit_altered(alterations: Iterable[Alteration], options: AuditOptions, *, is_lab: bool = False) -> AuditReport:
    """Start a server of a build of its own, and audit it; the audit itself is not altered.

    is_lab:  audit it in a laboratory
    returns: its report, without a seal; one that failed where the server broke off what the audit was about
    raises:  EcholessError where an alteration does not fit, or the altered server does not start
    """
    with tempfile.TemporaryDirectory(prefix="echoless-altered-") as place:
        interpreter = install_altered(Path(place), alterations)
        try:
            run = run_lab if is_lab else run_audit
            return run(replace(options, interpreter=interpreter, server=None, has_controls=False, is_sealed=False))
        except BROKEN_OFF as error:
            # An answer that is cut short, say: whoever runs an audit sees it end in failure.
            ending = ending_of(error)
    report = AuditReport()
    report.check(CAME_TO_ITS_END, False, f"ended by {ending}")
    return report


def words_of(report: AuditReport) -> Iterator[str]:
    """Yield what an audit has to complain of: each place where something was found, each check that failed."""
    yield from (finding.where for finding in report.findings if finding.canary.startswith(ZERO))
    yield from (f"{check.name}: {check.detail}" for check in report.checks if not check.is_passed)


def naming(report: AuditReport, place: str) -> tuple[str, ...]:
    """Return the complaints of a report that failed which name a place.

    place: a regular expression
    """
    return () if report.is_passed else tuple(words for words in words_of(report) if re.search(place, words))
