"""A server that keeps whatever it is asked not to keep fails every check of the switch."""

from __future__ import annotations

import pytest

from echoless.audit.options import Scene
from echoless.audit.parts.policy import check_policy
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.parts.test_asking import scene_of

pytestmark = pytest.mark.unit


def _lies(_method: str, _path: str, _body: bytes) -> Reply:
    return 200, {"x-echoless-retention": "default", "history-item-id": "item", "set-cookie": "a=b"}, b"[]"


def _failed(scene: Scene) -> set[str]:
    return {number for check in scene.report.checks for number in check.proves if not check.is_passed}


def test_a_server_that_keeps_everything_fails_every_check_but_that_it_keeps(stub: Stub) -> None:
    stub.reply = _lies
    scene = scene_of(stub)
    check_policy(scene)
    assert {check.name for check in scene.report.checks if check.is_passed} == {
        "the switch: without it, or with on, the request is kept and says so"
    }
    assert _failed(scene) >= {"C1", "C2", "C4", "C6", "C7", "C11", "C12", "C13", "C41", "C42", "C43"}


def test_a_server_in_use_is_asked_nothing_that_it_might_carry_out(stub: Stub) -> None:
    stub.reply = _lies
    check_policy(scene_of(stub, is_in_use=True))
    written = {path.partition("?")[0] for method, path, _, _ in stub.asked if method in {"PATCH", "PUT"}}
    assert not {path for path in written if path.startswith(("/v1/workspace", "/v1/service-accounts"))}
    assert {"/v1/music"} <= {path.partition("?")[0] for _, path, _, _ in stub.asked}
