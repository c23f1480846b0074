"""`echoless audit` passes on a sound server and fails on a weakened one (C24, C34, C61)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from echoless.audit import session
from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer
from echoless.audit.reports.document import document_of, text_of
from echoless.audit.reports.page import page_of
from echoless.audit.reports.report import AuditMode, AuditReport, View
from echoless.audit.reports.sealing import check_sealed
from echoless.audit.reports.tables import print_report
from echoless.audit.session import run_audit
from echoless.cli.operator_door import ask_running
from echoless.core.build import build_hash
from echoless.core.server_process import ServerProcess

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1"), pytest.mark.claim("Z9"), pytest.mark.claim("Z13")]


@pytest.mark.seed("S2")
# Minutes on a quiet machine, and more on a busy one; both audits are bounded by what they plant.
@pytest.mark.timeout(1200)
def test_the_audit_passes_on_a_sound_server() -> None:
    report = run_audit(AuditOptions(ask_running, has_controls=False, flags=("--engines", "1", "--gateways", "1")))
    failed = [check for check in report.checks if not check.is_passed]
    assert (failed, report.findings if failed else []) == ([], [])
    assert report.is_passed
    assert report.view is View.AUDIT_VIEW
    names = {check.name for check in report.checks}
    assert {"data directory", "captured output", "temporary places", "kept items are there"} <= names
    told = json.loads(report.as_json())
    roles = {row["role"] for row in told["processes"]}
    assert {"supervisor", "vault", "engine", "media", "live", "gateway"} <= roles
    assert all(row["region_count"] > 50 and row["read_bytes"] > 10_000_000 for row in told["processes"])


@pytest.fixture
def mints(monkeypatch: pytest.MonkeyPatch) -> list[CanaryMint]:
    """The mints of every audit that runs, to know the words that it planted."""
    made: list[CanaryMint] = []

    class Noted(CanaryMint):
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            made.append(self)

    monkeypatch.setattr(session, "CanaryMint", Noted)
    return made


def assert_no_word_in(report: AuditReport, mints: list[CanaryMint]) -> None:
    """Assert that no form of a report has a word that was planted."""
    document = document_of(report)
    console = Console(record=True, width=400, file=io.StringIO())
    print_report(report, console)
    told = f"{text_of(document)}{page_of(report, document)}{console.export_text()}".lower()
    words = {word for mint in mints for canary in mint.canaries for word in (mint.anchor, *canary.words)}
    assert len(words) > 20
    assert [word for word in words if word in told] == []


@pytest.mark.claim("Z40")
@pytest.mark.timeout(300)
def test_a_quick_audit_passes_on_a_sound_server_and_fails_without_a_part_of_the_scrubbing(
    mints: list[CanaryMint],
) -> None:
    flags = ("--engines", "1", "--gateways", "1")
    sound = run_audit(AuditOptions(ask_running, is_quick=True, flags=flags))
    assert [check for check in sound.checks if not check.is_passed] == []
    assert {"text_to_speech"} <= {row.product for row in sound.planted}
    assert {"memory", "files", "output"} <= {row.kind for row in sound.searched}
    assert (sound.mode, sound.build_hash) == (AuditMode.OWN, build_hash())
    flags += ("--no-scrubbing", "--assurance", "best_effort")
    weak = run_audit(AuditOptions(ask_running, is_quick=True, flags=flags))
    assert weak.findings
    for report, verdict in ((sound, "passed"), (weak, "failed")):
        assert check_sealed(document_of(report), None).audit.statement.verdict == verdict
        assert_no_word_in(report, mints)
    assert "memory after round 1" in {check.name for check in weak.checks if not check.is_passed}


@pytest.mark.timeout(1200)
def test_the_audit_fails_on_a_server_that_does_not_scrub(tmp_path: Path) -> None:
    flags = ("--audit-view", "--no-allocator-profile", "--assurance", "best_effort")
    flags += ("--engines", "1", "--gateways", "1")
    with ServerProcess.start(tmp_path / "data", tmp_path / "output", flags) as server:
        running = RunningServer(server.url, server.data_directory, server.api_key)
        report = run_audit(AuditOptions(ask_running, server=running, only=("text_to_speech",)))
    failed = {check.name for check in report.checks if not check.is_passed}
    assert not report.is_passed
    assert {"memory after round 1", "memory after round 2"} <= failed
    assert not failed & {"data directory", "kept items are there", "kept canaries are in the vault"}
