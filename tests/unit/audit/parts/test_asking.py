"""What parts expect is counted, what they made is taken away, and an answer that is none is no end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import Answer
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.asking import Asking, is_refused, is_served_zero, problem_of
from echoless.audit.reports.report import AuditReport
from tests.unit.audit.conftest import Stub, nobody

pytestmark = pytest.mark.unit


def scene_of(stub: Stub, *, is_in_use: bool = False) -> Scene:
    server = RunningServer(stub.url, Path("/nowhere"), "k", is_in_use=is_in_use)
    return Scene(AuditOptions(nobody), server, CanaryMint(seed=5), AuditReport())


def test_a_check_passes_when_something_was_expected_and_all_of_it_came(stub: Stub) -> None:
    scene = scene_of(stub)
    with Asking(scene) as asking:
        with asking.check("met", "C1") as check:
            check.expect(True, "no")
        with asking.check("unmet") as check:
            check.expect(True, "no")
            check.expect(False, "the moon is cheese")
        with asking.check("empty"):
            pass
        with asking.check("broken") as check:
            check.expect(True, "no")
            asking.member("/", "nothing")
    checks = scene.report.checks
    assert [check.is_passed for check in checks] == [True, False, False, False]
    assert checks[0].proves == ("C1",)
    assert "the moon is cheese" in checks[1].detail
    assert "JSONDecodeError" in checks[3].detail


def test_what_was_made_is_taken_away_the_last_first(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {"history-item-id": "item"}, b"")
    scene = scene_of(stub)
    with Asking(scene) as asking:
        asking.speak("it", is_kept=True)
        asking.undo("DELETE", "/v1/key")
    assert [(method, path) for method, path, _, _ in stub.asked[1:]] == [
        ("DELETE", "/v1/key"), ("DELETE", "/v1/history/item"),
    ]  # fmt: skip
    assert scene.report.checks == []


def test_what_cannot_be_taken_away_fails_and_so_does_nothing_else(stub: Stub) -> None:
    stub.reply = lambda *_: (500, {}, b"")
    scene = scene_of(stub)
    with pytest.raises(KeyboardInterrupt), Asking(scene) as asking:
        asking.undo("DELETE", "/v1/a")
        asking.undo("DELETE", "/v1/b")
        raise KeyboardInterrupt
    (check,) = scene.report.checks
    assert not check.is_passed
    assert "2 things" in check.detail


def test_each_text_is_a_canary_of_its_own_and_of_its_mode(stub: Stub) -> None:
    scene = scene_of(stub)
    with Asking(scene) as asking:
        asking.speak("one")
        asking.speak("two", is_kept=True)
    assert [canary.is_kept for canary in scene.mint.canaries] == [False, True]
    sent = [json.loads(body)["text"] for _, _, body, _ in stub.asked]
    assert sent == [canary.text for canary in scene.mint.canaries]


def test_answers_are_judged_by_status_mode_and_problem() -> None:
    zero = Answer(200, {"x-echoless-retention": "zero"}, b"")
    assert is_served_zero(zero)
    assert not is_served_zero(Answer(200, {"x-echoless-retention": "default"}, b""))
    assert not is_served_zero(Answer(200, {"x-echoless-retention": "zero", "history-item-id": "i"}, b""))
    body = json.dumps({"detail": {"code": "c", "param": "p"}}).encode()
    assert is_refused(Answer(400, {}, body), 400, "c", "p")
    assert not is_refused(Answer(400, {}, body), 400, "d")
    assert problem_of(Answer(400, {}, b"[]")) == ("", "")
