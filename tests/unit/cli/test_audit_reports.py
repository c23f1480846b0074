"""`echoless verify audit`: a report holds or what is wrong is named (C61)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.reports.document import text_of
from echoless.core.errors import EcholessError
from tests.unit.audit.reports.test_sealing import sealed_report
from tests.unit.cli.conftest import Run
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_text(text_of(sealed_report()))
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


def test_a_report_that_holds_is_shown_with_its_verdict_and_its_place(run: Run, report: Path, keys: Path) -> None:
    result = run("verify", "audit", str(report), "--keys", str(keys))
    assert result.exit_code == 0
    for words in ("verdict", "failed", "entry 1 of 3", "log.example"):
        assert words in result.output, words
    assert "keys in the file itself" not in result.output


def test_with_its_own_keys_it_says_what_they_do_not_show(run: Run, report: Path) -> None:
    result = run("verify", "audit", str(report))
    assert result.exit_code == 0
    assert "keys in the file itself" in result.output


def test_a_changed_report_is_refused(run: Run, report: Path, keys: Path) -> None:
    report.write_text(report.read_text().replace('"1 canary"', '"0 canaries"'))
    result = run("verify", "audit", str(report), "--keys", str(keys))
    assert isinstance(result.exception, EcholessError)
    assert "not the one that was sealed" in result.exception.public_description


@pytest.mark.parametrize(
    ("report_text", "keys_text"), [("{}", "{}"), ("words", "{}"), (None, "words"), (None, None)]
)
def test_what_cannot_be_read_is_named(
    run: Run, report: Path, keys: Path, report_text: str | None, keys_text: str | None
) -> None:
    if report_text is not None:
        report.write_text(report_text)
    if keys_text is None:
        keys.unlink()
    else:
        keys.write_text(keys_text)
    result = run("verify", "audit", str(report), "--keys", str(keys))
    assert isinstance(result.exception, EcholessError)
