"""Reports to show: one that passed and one that did not."""

from __future__ import annotations

from echoless.audit.reports.report import (
    AuditReport,
    Finding,
    PlantedPlace,
    ProcessFigures,
    Searched,
    TimedStep,
    View,
)

ROLES = ("supervisor", "vault", "gateway", "engine")


def sample(*, is_failed: bool = False) -> AuditReport:
    """A report with everything that a report can have."""
    report = AuditReport(
        began_unix_s=1_790_000_000, build_hash="0f" * 32, view=View.AUDIT_VIEW, request_count=412,
        needle_count=9_100, duration_s=143.2,
    )  # fmt: skip
    for scan in ("memory before", "memory after round 1"):
        leaked = 3 if is_failed and scan.endswith("1") else 0
        for number, role in enumerate(ROLES):
            zero, kept = (leaked if role == "engine" else 0), (4 if role == "vault" else 0)
            report.processes.append(ProcessFigures(scan, role, 100 + number, 80, 40 << 20, 39 << 20, zero, kept))
        report.check(scan, not leaked, f"{leaked} canaries that must be nowhere", "C32", "C33")
    report.check("control: a request in flight is found", True, "12 copies of words", "C34")
    report.check("control: allocator profile off is found", not is_failed, "57 copies of words", "C34")
    report.check("data directory", True, "0 canaries in 41 files", "C16")
    report.planted += [
        PlantedPlace(product, mode, place, 3)
        for product in ("text_to_speech", "speech_to_text")
        for mode in ("zero", "kept")
        for place in ("text", "header", "file name")
    ]
    report.searched += [
        Searched("data directory", "files", 41, 9 << 20, 0, 0, 0.4),
        Searched("extended attributes", "attributes", 55, 3_000, 0, 0, 0.1),
        Searched("memory after round 1: engine", "memory", 80, 39 << 20, 0, 0, 0.1),
    ]
    report.steps += [TimedStep("planting", 0.0, 31.5), TimedStep("control: flush off", 31.5, 31.5)]
    if is_failed:
        report.findings.append(Finding("memory after round 1: engine 103 [heap]", "utf-8", "zero/it/text", 3))
    return report
