"""A laboratory has parts with names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from echoless.audit.lab import LAB_PARTS, run_lab
from echoless.audit.lab_server import Lab
from echoless.audit.options import AuditOptions
from echoless.audit.reports.document import document_of
from echoless.audit.reports.sealing import Ask, check_sealed
from echoless.cli.operator_door import ask_running
from echoless.core.errors import EcholessError, ErrorCode
from tests.unit.audit.reports.test_sealing import vault
from tests.unit.receipts.test_audit_statement import KEYS

pytestmark = pytest.mark.unit


def test_a_part_that_there_is_not_is_refused_before_anything_is_started() -> None:
    with pytest.raises(EcholessError) as refusal:
        run_lab(AuditOptions(ask_running, parts=("crashes", "earthquakes")))
    assert refusal.value.code is ErrorCode.INVALID_PARAMETERS
    assert all(name in refusal.value.public_description for name in LAB_PARTS)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "it does not serve"), "it does not serve"),
        (ConnectionResetError("what a word"), "ConnectionResetError at test_lab.py:"),
    ],
)
def test_a_part_that_cannot_go_on_has_failed_and_the_next_one_runs(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    def breaks(_lab: Lab) -> None:
        raise error

    def runs(lab: Lab) -> None:
        lab.report.check("it ran", True, "")

    monkeypatch.setattr("echoless.audit.lab.LAB_PARTS", {"first": breaks, "second": runs})

    @contextlib.contextmanager
    def own(_options: AuditOptions) -> Iterator[Ask]:
        yield vault

    monkeypatch.setattr("echoless.audit.lab.fingerprint_shared_places", dict)
    monkeypatch.setattr("echoless.audit.lab.vault_of_own", own)
    report = run_lab(AuditOptions(ask_running))
    failed = [(check.name, check.detail) for check in report.checks if not check.is_passed]
    assert [name for name, _ in failed] == ["first: could not be run to its end", "temporary places"]
    assert failed[0][1].startswith(reason)
    assert "word" not in failed[0][1]
    assert "it ran" in {check.name for check in report.checks}
    # No server of the laboratory came up, so one of its own seals that it failed.
    assert check_sealed(document_of(report), KEYS).audit.statement.verdict == "failed"
