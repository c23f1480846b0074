"""A report for whoever sits at the terminal: failures and controls first, then what was searched."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from echoless.audit.reports.coverage import Standing, coverage
from echoless.audit.reports.report import AuditReport, Check

_FINDINGS_SHOWN: Final = 60


def print_report(report: AuditReport, console: Console) -> None:
    """Show a report to a person."""
    if report.processes:
        console.print(_memory_table(report))
    if report.searched:
        console.print(_searched_table(report))
    if report.findings:
        console.print(_findings_table(report))
    console.print(_checks_table(report))
    console.print(_coverage_line(report))
    failed = [check for check in report.checks if not check.is_passed]
    if failed:
        console.print(_failures_table(failed))
    console.print(_seal_line(report))
    verdict = "[bold green]PASSED[/]" if report.is_passed else "[bold white on red] FAILED [/]"
    console.print(
        f"Audit {verdict}: {report.request_count} requests, up to {report.needle_count} needles, "
        f"memory seen by {report.view.value}, {report.duration_s:.1f} s."
    )


def _memory_table(report: AuditReport) -> Table:
    table = Table("scan", "process", "pid", "regions", "MiB read", "of readable", "zero copies", "kept copies")
    for row in report.processes:
        share = f"{100 * row.read_bytes / row.readable_bytes:.1f} %" if row.readable_bytes else "nothing"
        table.add_row(
            row.scan, row.role, str(row.pid), str(row.region_count), f"{row.read_bytes / 2**20:.1f}", share,
            _alarming(row.zero_copies), str(row.kept_copies),
        )  # fmt: skip
    return table


def _searched_table(report: AuditReport) -> Table:
    table = Table("searched", "kind", "items", "MiB", "zero copies", "kept copies", "s")
    for row in report.searched:
        table.add_row(
            escape(row.place), row.kind, str(row.item_count), f"{row.byte_count / 2**20:.1f}",
            _alarming(row.zero_copies), str(row.kept_copies), f"{row.duration_s:.1f}",
        )  # fmt: skip
    return table


def _alarming(copies: int) -> str:
    return f"[bold red]{copies}[/]" if copies else "0"


def _findings_table(report: AuditReport) -> Table:
    table = Table("found in", "form", "canary", "copies")
    for finding in sorted(report.findings, key=lambda item: (item.where, item.canary))[:_FINDINGS_SHOWN]:
        # A region's name is in square brackets, which would be taken for a style.
        table.add_row(escape(finding.where), finding.kind, finding.canary, str(finding.count))
    if len(report.findings) > _FINDINGS_SHOWN:
        table.add_row("...", "", f"{len(report.findings) - _FINDINGS_SHOWN} more in the JSON", "")
    return table


def _checks_table(report: AuditReport) -> Table:
    """Positive controls stand first: without them the rest says nothing."""
    table = Table("check", "", "proves", "detail")
    for check in sorted(report.checks, key=lambda check: not check.is_control):
        good = "found" if check.is_control else "ok"
        bad = "NOT FOUND" if check.is_control else "FAILED"
        result = f"[green]{good}[/]" if check.is_passed else f"[bold white on red] {bad} [/]"
        result = "[dim]not searched[/]" if check.is_unsearched else result
        style = "cyan" if check.is_control else ""
        table.add_row(escape(check.name), result, " ".join(check.proves), escape(check.detail), style=style)
    return table


def _failures_table(failed: list[Check]) -> Table:
    table = Table("what failed", "detail", style="red", title="[bold white on red] FAILED [/]")
    for check in failed:
        table.add_row(escape(check.name), escape(check.detail))
    return table


def _seal_line(report: AuditReport) -> str:
    if report.seal:
        index = int(report.seal["inclusion"]["index"])
        return f"Sealed by a vault of the audited installation, as entry {index} of its log."
    return f"[bold yellow]Not sealed[/]: {escape(report.unsealed or 'nobody asked a vault to sign it')}."


def _coverage_line(report: AuditReport) -> str:
    counts = Counter(covered.standing for covered in coverage(report.checks))
    told = ", ".join(f"{counts[standing]} {standing.value}" for standing in Standing if counts[standing])
    return f"Of the {counts.total()} retention checks: {told}."
