"""A trial takes a report for a find only where it failed and names the place. (C60)"""

from __future__ import annotations

from http.client import IncompleteRead
from json import JSONDecodeError
from pathlib import Path

import pytest

from echoless.audit import session
from echoless.audit.altered import trial
from echoless.audit.altered.trial import audit_altered, naming
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.reports.report import AuditReport
from echoless.audit.socket_client import SocketRefusedError

pytestmark = pytest.mark.unit


def _report(*, is_passed: bool, where: str, canary: str = "zero/T1/text") -> AuditReport:
    report = AuditReport()
    report.check("data directory", is_passed, "one canary")
    report.add_findings([(where, "utf-8", canary)])
    return report


def test_a_place_that_a_failed_report_names_is_found() -> None:
    assert naming(_report(is_passed=False, where="data directory: cache.bin"), r"cache\.bin")
    assert naming(_report(is_passed=False, where="elsewhere"), "^data directory: one")


@pytest.mark.parametrize(
    "report",
    [
        _report(is_passed=True, where="data directory: cache.bin"),
        _report(is_passed=False, where="elsewhere"),
        _report(is_passed=False, where="data directory: cache.bin", canary="kept/T1/text"),
        AuditReport(),
    ],
    ids=["passed", "another place", "kept content", "nothing looked at"],
)
def test_a_report_that_does_not_name_the_place_of_a_leak_has_not_found_it(report: AuditReport) -> None:
    assert not naming(report, r"cache\.bin")


_BROKEN: list[Exception] = [
    IncompleteRead(b"zvaqxwkelatr"),
    ConnectionResetError(),
    TimeoutError(),
    JSONDecodeError("no json", "zva", 0),
    KeyError("audio_base64"),
    IndexError(),
    TypeError(),
    AttributeError(),
    EOFError(),
    SocketRefusedError(503),
]


@pytest.mark.parametrize("error", _BROKEN, ids=lambda error: type(error).__name__)
def test_a_server_that_breaks_off_what_the_audit_was_about_has_failed(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken_off(_options: AuditOptions) -> AuditReport:
        raise error

    monkeypatch.setattr(trial, "install_altered", lambda directory, _alterations: Path(directory))
    monkeypatch.setattr(trial, "run_audit", broken_off)
    report = audit_altered((), AuditOptions(lambda _directory, record: record))
    assert naming(report, f"^the audit came to its end: ended by {type(error).__name__} at test_trial.py:")
    assert not report.is_passed


@pytest.mark.parametrize("error", _BROKEN, ids=lambda error: type(error).__name__)
def test_what_was_found_before_an_audit_broke_off_stands_in_its_report(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken_off(scene: Scene, _parts: object) -> None:
        scene.report.add_findings([("data directory: cache.bin", "utf-8", "zero/T1/text")])
        raise error

    monkeypatch.setattr(session, "_audit", broken_off)
    monkeypatch.setattr(session, "expect_welcome", lambda _server: None)
    remote = RunningServer("http://127.0.0.1:9", Path("/nowhere"), "key", is_remote=True)
    report = session.run_audit(AuditOptions(lambda _directory, record: record, server=remote, is_live=True))
    assert naming(report, "^data directory: cache")
    assert naming(report, "^the audit came to its end: ended by")
