"""`echoless workspace entitle | withdraw | enforce | release | hipaa | capsule-key`, and what limits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.operator_policy_records import (
    OperatorForesee,
    OperatorGetPolicy,
    OperatorSetPolicy,
    SetCharacters,
    SetEntitlement,
    SetTier,
    WorkspacePolicy,
)
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record
from echoless.retention.decision import Level, RetentionMode, Switch
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
TTS = "POST /v1/text-to-speech/{voice}"


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("entitle ws1", SetEntitlement("ws1", True)),
        ("withdraw ws1", SetEntitlement("ws1", False)),
        ("enforce ws1", OperatorSetPolicy("ws1", is_enforced=True)),
        ("release ws1", OperatorSetPolicy("ws1", is_enforced=False)),
        ("hipaa ws1 --agreed-on 2026-01-31", OperatorSetPolicy("ws1", None, True, "2026-01-31")),
        ("hipaa ws1 --end", OperatorSetPolicy("ws1", None, False)),
        ("capsule-key ws1 --key age1abc", OperatorSetPolicy("ws1", capsule_key="age1abc")),
        ("capsule-key ws1 --remove", OperatorSetPolicy("ws1", capsule_key="")),
        ("tier pro ws1", SetTier("ws1", "pro")),
        ("quota ws1 --characters 9", SetCharacters("ws1", 9)),
        ("quota ws1", SetCharacters("ws1", None)),
    ],
)
def test_each_command_asks_for_what_it_says(run: Run, tmp_path: Path, words: str, question: Record) -> None:
    with running_server(tmp_path, {type(question): Done()}) as door:
        result = run("workspace", *words.split())
    assert (result.exit_code, result.stdout) == (0, "")
    assert "ws1" in result.stderr
    assert door.asked == [question]


@pytest.mark.parametrize(
    "words",
    [
        "hipaa ws1", "hipaa ws1 --agreed-on 2026-01-31 --end", "foresee /nowhere ws1", "capsule-key ws1",
        "capsule-key ws1 --key age1abc --remove",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(run: Run, tmp_path: Path, words: str) -> None:
    with running_server(tmp_path, {}) as door:
        result = run("workspace", *words.split())
    assert isinstance(result.exception, EcholessError)
    assert door.asked == []


def test_the_policy_is_shown_with_its_limits(run: Run, tmp_path: Path) -> None:
    policy = WorkspacePolicy(
        workspace_id="ws1", tier="enterprise", is_entitled=True, is_restricted=False, is_enforced=True,
        is_hipaa=True, hipaa_agreed_on="2026-01-31", policy_version=3, character_limit=10, character_count=4,
        next_reset_unix=1_700_000_000, places={"speech": 4, "slow_speech": 2},
    )  # fmt: skip
    with running_server(tmp_path, {OperatorGetPolicy: policy}):
        shown = run("workspace", "policy", "ws1").stdout
    assert "HIPAA\tagreed on 2026-01-31" in shown
    assert "characters this month\t4 of 10" in shown
    assert "at once: slow speech\t2" in shown


def test_a_request_is_foreseen_by_its_row(run: Run, tmp_path: Path) -> None:
    """C7."""
    answer = ForeseenRequest(TTS, RetentionMode.ZERO, Level.REQUEST, "zero_retention_not_permitted", "No.")
    with running_server(tmp_path, {OperatorForesee: answer}) as door:
        words = ("foresee", "/v1/text-to-speech/abc", "ws1", "--enable-logging", "false", "--key", "k1")
        shown = run("workspace", *words).stdout
    assert door.asked == [OperatorForesee("ws1", ForeseeRequest(TTS, Switch.LOGGING_OFF, "k1"))]
    assert "retention\tzero" in shown
    assert "outcome\trefused: zero_retention_not_permitted" in shown
