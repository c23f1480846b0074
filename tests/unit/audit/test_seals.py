"""A report that several servers were audited for is sealed by one that is started for it, or says why not (C61)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit import seals
from echoless.audit.options import AuditOptions
from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import AuditMode, AuditReport, TimedStep
from echoless.audit.reports.sealing import Ask, check_sealed
from echoless.audit.seals import PART_OF_ANOTHER, seal_by, vault_of_own
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record, Refused
from tests.unit.audit.reports.test_sealing import vault
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit


def _nobody(_directory: Path, _record: Record) -> Record:
    raise AssertionError("the vault that is given is asked, and no other")


_OPTIONS = AuditOptions(_nobody)


@contextlib.contextmanager
def started(ask: Ask = vault) -> Iterator[Ask]:
    """A vault that can be reached."""
    yield ask


@contextlib.contextmanager
def refused() -> Iterator[Ask]:
    """A server that does not come up."""
    raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the server did not serve in time")
    yield vault


def found() -> AuditReport:
    """A report that nobody has written times into."""
    report = AuditReport(mode=AuditMode.LEAKS)
    report.check("leak: a file", True, "data directory")
    return report


def finishing(report: AuditReport) -> None:
    """Write times down."""
    report.duration_s, report.steps = 2.5, [TimedStep("leaks", 0.0, 2.5)]


def test_what_is_sealed_has_its_times_and_holds() -> None:
    report = found()
    seal_by(started(), _OPTIONS, report, lambda: finishing(report))
    checked = check_sealed(document_of(report), KEYS)
    assert (checked.audit.statement.mode, checked.audit.statement.verdict) == ("leaks", "passed")
    assert report.duration_s == 2.5
    assert (report.unsealed, report.is_passed) == ("", True)


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (refused(), "the server did not serve in time"),
        (started(lambda _: Refused("denied", "no")), "does not sign"),
    ],
)
def test_a_vault_that_does_not_come_or_does_not_sign_fails_the_audit_and_the_report_says_so(
    chosen: seals.Vault, reason: str
) -> None:
    report = found()
    seal_by(chosen, _OPTIONS, report, lambda: finishing(report))
    assert not report.is_passed
    assert reason in report.unsealed
    document = document_of(report)
    assert document["unsealed"] == report.unsealed
    assert "seal" not in document
    assert (report.checks[-1].name, document["duration_s"]) == ("the vault seals the report", 2.5)


def test_an_audit_within_another_asks_nobody_and_says_so() -> None:
    report = found()
    seal_by(refused(), AuditOptions(_nobody, is_sealed=False), report, lambda: finishing(report))
    assert (report.is_passed, report.unsealed, report.seal) == (True, PART_OF_ANOTHER, {})


def test_a_vault_of_its_own_is_of_the_installation_that_is_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, Record]] = []
    calls: list[tuple[tuple[str, ...], Path | None]] = []

    class Started:
        def __init__(self, data_directory: Path) -> None:
            self.data_directory = data_directory

    @contextlib.contextmanager
    def start(data: Path, _output: Path, flags: tuple[str, ...], *, interpreter: Path | None) -> Iterator[Started]:
        calls.append((flags, interpreter))
        yield Started(data)

    monkeypatch.setattr(seals.ServerProcess, "start", start)

    def ask(directory: Path, record: Record) -> Record:
        asked.append((directory, record))
        return vault(record)

    options = AuditOptions(ask, flags=("--assurance", "strict"), interpreter=Path("/elsewhere/python"))
    report = found()
    seal_by(vault_of_own(options), options, report, lambda: None)
    assert check_sealed(document_of(report), KEYS).audit.index >= 0
    ((flags, interpreter),) = calls
    assert flags[-2:] == ("--assurance", "strict")
    assert interpreter == Path("/elsewhere/python")
    assert [directory.name for directory, _ in asked] == ["data"]
    assert not asked[0][0].parent.exists()
