"""`echoless audit --lab` passes on a sound server, quickly done: every part, the crashes in one way.

C19, C23, C24, C25, C26, C28, C33, C37, C48, C50, C51, C52, C54; T1, T3, T5, T7, T12, T24, T26.
"""

from __future__ import annotations

import pytest

from echoless.audit.lab import LAB_PARTS, run_lab
from echoless.audit.options import AuditOptions
from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import AuditMode
from echoless.audit.reports.sealing import check_sealed
from echoless.cli.operator_door import ask_running

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1"), pytest.mark.claim("Z9")]

CONTROLS = {
    "control: a core of our own is found",
    "control: the switches surround the server",
    "control: metrics have moved",
    "control: an item is found before it is deleted",
    "control: what was kept comes back",
    "control: a wrapped key was changed",
    "control: capsules say what was said, to whoever has the key",
    "control: ways out: a core of our own is found",
}


# Two minutes on a quiet machine, and more on a busy one.
@pytest.mark.timeout(900)
def test_a_laboratory_passes_on_a_sound_server() -> None:
    report = run_lab(AuditOptions(ask_running, is_quick=True))
    failed = [check for check in report.checks if not check.is_passed]
    assert (failed, report.findings if failed else []) == ([], [])
    assert report.mode is AuditMode.LAB
    names = {check.name for check in report.checks}
    assert names >= CONTROLS
    assert {
        f"crash: {role} SIGKILL" for role in ("engine", "media", "live", "gateway", "vault", "supervisor")
    } <= names
    assert {"crash: ways out SIGKILL", "kept: the end of ways out loses nothing (SIGKILL)"} <= names
    proved = {number for check in report.checks for number in check.proves}
    assert {"C19", "C23", "C24", "C25", "C26", "C28", "C33", "C37", "C48", "C50", "C51", "C52", "C54"} <= proved
    assert len(LAB_PARTS) == 6
    # By the server that was restored: its log went on from what the backup had.
    checked = check_sealed(document_of(report), None).audit
    assert (checked.statement.mode, checked.statement.verdict) == ("lab", "passed")
    assert checked.index > 1
