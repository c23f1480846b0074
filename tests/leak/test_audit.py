"""`echoless audit` passes on a sound server and fails on a weakened one (C24, C34, C61)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.options import AuditOptions, RunningServer
from echoless.audit.reports.report import AuditMode, View
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


@pytest.mark.timeout(300)
def test_a_quick_audit_passes_on_a_sound_server_and_fails_without_a_part_of_the_scrubbing() -> None:
    flags = ("--engines", "1", "--gateways", "1")
    sound = run_audit(AuditOptions(ask_running, is_quick=True, flags=flags))
    assert [check for check in sound.checks if not check.is_passed] == []
    assert {"text_to_speech"} <= {row.product for row in sound.planted}
    assert {"memory", "files", "output"} <= {row.kind for row in sound.searched}
    assert (sound.mode, sound.build_hash) == (AuditMode.OWN, build_hash())
    flags += ("--no-scrubbing", "--assurance", "best_effort")
    weak = run_audit(AuditOptions(ask_running, is_quick=True, flags=flags))
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
