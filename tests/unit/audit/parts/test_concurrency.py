"""What is mixed up under load is noticed."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from echoless.audit.parts.concurrency import check_concurrency
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.parts.test_asking import scene_of

pytestmark = pytest.mark.unit


class Speaker:
    """Speaks and keeps; every so many requests it takes a zero-retention request for one to be kept."""

    def __init__(self, confuses: int = 0) -> None:
        self._numbers = itertools.count(1)
        self._confuses = confuses
        self.kept: list[str] = []

    def reply(self, method: str, path: str, _body: bytes) -> Reply:
        if method != "POST":
            return 200, {}, json.dumps({"history": [{"request_id": name} for name in self.kept]}).encode()
        number = next(self._numbers)
        is_zero = "enable_logging=false" in path
        headers = {"request-id": f"r{number}", "x-echoless-retention": "zero" if is_zero else "default"}
        if not is_zero or (self._confuses and number % self._confuses == 0):
            self.kept.append(f"r{number}")
            if not is_zero:
                headers["history-item-id"] = f"i{number}"
        return 200, headers, b"audio"


def _unmet(stub: Stub, speaker: Speaker) -> str:
    stub.reply = speaker.reply
    scene = scene_of(stub, is_in_use=True)
    scene = replace(scene, server=replace(scene.server, is_remote=True))
    check_concurrency(scene)
    (check,) = scene.report.checks
    return check.detail if not check.is_passed else ""


def test_a_server_that_keeps_apart_passes(stub: Stub) -> None:
    assert _unmet(stub, Speaker()) == ""
    deleted = [path for method, path, _, _ in stub.asked if method == "DELETE"]
    assert deleted == ["/v1/history/i2"] or len(deleted) == 1


def test_a_zero_retention_request_that_is_kept_is_noticed(stub: Stub) -> None:
    assert "of what was not kept are in the history" in _unmet(stub, Speaker(confuses=1))
