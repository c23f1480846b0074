"""Audits of the audit: clean ones, none of which may raise an alarm, and each planted leak in its own build."""

from __future__ import annotations

from collections.abc import Callable

from echoless.audit.altered.proving import prove_leaks, prove_mutations
from echoless.audit.options import AuditOptions
from echoless.audit.plantings.catalogue import PRODUCTS
from echoless.audit.reports.report import AuditReport
from echoless.audit.session import run_audit
from echoless.cli.operator_door import ask_running

Say = Callable[[str], None]
Progress = Callable[[str], None]


def clean_audits(count: int, progress: Progress, say: Say, *, is_quick: bool) -> bool:
    """Audit so many servers in a row that nothing is wrong with; say what each found.

    is_quick: a few telling plantings of every product, in place of the whole audit
    """
    only = PRODUCTS if is_quick else ()
    alarms = 0
    for number in range(1, count + 1):
        progress(f"clean audit {number} of {count}")
        report = run_audit(AuditOptions(ask_running, has_controls=False, is_quick=is_quick, only=only))
        alarms += not report.is_passed
        say(f"clean audit {number}: {_verdict(report)}, {report.request_count} requests, {report.duration_s:.0f} s")
        _tell_failed(report, say)
    say(f"{alarms} false alarms in {count} clean audits")
    return alarms == 0


def planted_leaks(progress: Progress, say: Say, *, one_by_one: bool) -> bool:
    """Plant every leak; each must be found at its own place."""
    options = AuditOptions(ask_running, progress=lambda step, _fraction: progress(step))
    return _tell(prove_leaks(options, one_by_one=one_by_one), say)


def mutations(progress: Progress, say: Say) -> bool:
    """Switch off every protection; each time the audit must fail."""
    return _tell(prove_mutations(AuditOptions(ask_running, progress=lambda step, _fraction: progress(step))), say)


def _tell(report: AuditReport, say: Say) -> bool:
    for check in report.checks:
        say(f"{'found' if check.is_passed else 'PROBLEM:'} {check.name}: {check.detail}")
    say(f"{sum(check.is_passed for check in report.checks)} of {len(report.checks)}, {report.duration_s:.0f} s")
    return report.is_passed


def _verdict(report: AuditReport) -> str:
    return "passed" if report.is_passed else "ALARM"


def _tell_failed(report: AuditReport, say: Say) -> None:
    for check in report.checks:
        if not check.is_passed:
            say(f"PROBLEM: {check.name}: {check.detail}")
