"""One audit ends with a seal, or with the reason why there is none; also one that was broken off (C61)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.catalogue import Part
from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import CAME_TO_ITS_END
from echoless.audit.reports.sealing import check_sealed
from echoless.audit.seals import OVER_THE_NETWORK, PART_OF_ANOTHER
from echoless.audit.session import run_audit
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record
from tests.unit.audit.reports.test_sealing import vault
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit


def looks(scene: Scene) -> None:
    """A part of an audit that finds nothing wrong."""
    scene.report.check("memory", True, "")


def breaks_off(_scene: Scene) -> None:
    """A part during which the server hangs up, with words in the text of the error."""
    raise ConnectionResetError("what a word")


@pytest.fixture
def asked() -> list[Path]:
    """Data directories whose vaults were asked."""
    return []


def options_of(asked: list[Path], *, is_remote: bool = False, is_sealed: bool = True) -> AuditOptions:
    """A server that is there already, as far as it is asked for."""

    def ask(directory: Path, record: Record) -> Record:
        asked.append(directory)
        return vault(record)

    server = RunningServer("http://127.0.0.1:9", Path("/data"), "key", os.getpid(), is_remote=is_remote)
    return AuditOptions(ask, server=server, is_quick=True, is_sealed=is_sealed)


def parts(monkeypatch: pytest.MonkeyPatch, *chosen: Part) -> None:
    monkeypatch.setattr("echoless.audit.session.parts_of", lambda _options: chosen)


def test_the_audited_vault_seals_at_last(monkeypatch: pytest.MonkeyPatch, asked: list[Path]) -> None:
    parts(monkeypatch, Part("looks", looks))
    report = run_audit(options_of(asked))
    assert check_sealed(document_of(report), KEYS).audit.statement.verdict == "passed"
    assert (asked, report.unsealed) == ([Path("/data")], "")


def test_an_audit_that_was_broken_off_is_sealed_too_and_says_where_but_no_word(
    monkeypatch: pytest.MonkeyPatch, asked: list[Path]
) -> None:
    """Else one that failed in this way could be dropped unseen."""
    parts(monkeypatch, Part("looks", looks), Part("breaks off", breaks_off))
    report = run_audit(options_of(asked))
    assert check_sealed(document_of(report), KEYS).audit.statement.verdict == "failed"
    assert report.checks[-1].name == CAME_TO_ITS_END
    assert report.checks[-1].detail.startswith("ended by ConnectionResetError at test_session.py:")
    assert "word" not in report.as_json()


@pytest.mark.parametrize(
    ("is_remote", "is_sealed", "reason"), [(True, True, OVER_THE_NETWORK), (False, False, PART_OF_ANOTHER)]
)
def test_where_there_is_no_seal_the_report_says_why(
    monkeypatch: pytest.MonkeyPatch, asked: list[Path], is_remote: bool, is_sealed: bool, reason: str
) -> None:
    parts(monkeypatch, Part("looks", looks))
    report = run_audit(options_of(asked, is_remote=is_remote, is_sealed=is_sealed))
    assert (report.is_passed, report.unsealed, asked) == (True, reason, [])
    assert "seal" not in document_of(report)


def test_a_vault_that_is_gone_by_then_fails_the_audit(monkeypatch: pytest.MonkeyPatch, asked: list[Path]) -> None:
    parts(monkeypatch, Part("looks", looks))

    def gone(_directory: Path, _record: Record) -> Record:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, "cannot speak with the server")

    options = options_of(asked)
    report = run_audit(AuditOptions(gone, server=options.server, is_quick=True))
    assert (report.is_passed, report.unsealed) == (False, "cannot speak with the server")
