"""A server that says of itself that something unexpected happened is not sound, whatever was searched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.journal import check_journal
from echoless.audit.reports.report import AuditReport, Check
from echoless.core.journal import Event
from tests.unit.audit.conftest import nobody

pytestmark = pytest.mark.unit
SOUND = {"process": "gateway-0", "event": "confined", "has_seccomp": True}


def _checks(tmp_path: Path, *lines: str, outputs: bool = True) -> list[Check]:
    output = tmp_path / "output"
    output.write_text("\n".join(["Echoless serves at http://127.0.0.1:1", *lines]))
    server = RunningServer("http://127.0.0.1:1", tmp_path, "k")
    scene = Scene(AuditOptions(nobody), server, CanaryMint(), AuditReport(), outputs=[output] if outputs else [])
    check_journal(scene)
    return scene.report.checks


def test_a_journal_of_what_was_to_be_expected_passes(tmp_path: Path) -> None:
    (check,) = _checks(tmp_path, json.dumps(SOUND), json.dumps(SOUND | {"event": "process_exited"}))
    assert (check.is_passed, check.detail) == (True, "2 events")


@pytest.mark.parametrize(
    "event", [Event.UNEXPECTED_ERROR, Event.CONTENT_REFUSED, Event.FRAME_REFUSED, Event.TICKET_LOST]
)
def test_what_was_not_to_be_expected_fails_with_its_place(tmp_path: Path, event: Event) -> None:
    row = {"process": "vault", "event": event, "error": "KeyError", "module": "echoless.vault.x", "line": 7}
    (check,) = _checks(tmp_path, json.dumps(SOUND), json.dumps(row), json.dumps(row))
    assert not check.is_passed
    assert check.detail == f"3 events: 2 x vault {event.value} KeyError echoless.vault.x 7"


def test_a_silent_server_has_not_shown_that_all_is_well(tmp_path: Path) -> None:
    (check,) = _checks(tmp_path)
    assert not check.is_passed


def test_where_somebody_else_has_its_output_nothing_is_said(tmp_path: Path) -> None:
    assert _checks(tmp_path, json.dumps(SOUND), outputs=False) == []
