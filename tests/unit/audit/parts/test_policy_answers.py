"""Each trace of what was not kept is found."""

from __future__ import annotations

import pytest

from echoless.audit.parts.asking import Asking
from echoless.audit.parts.policy_answers import check_answers
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.parts.test_asking import scene_of

pytestmark = pytest.mark.unit


def test_a_trace_of_what_was_not_kept_is_found(stub: Stub) -> None:
    def reply(method: str, path: str, _body: bytes) -> Reply:
        if path.startswith("/v1/history/known"):
            return 403, {}, b"{}"
        if method == "GET":
            return 404, {}, b"{}"
        return 200, {"x-echoless-retention": "zero", "request-id": "known"}, b""

    stub.reply = reply
    scene = scene_of(stub)
    with Asking(scene) as asking:
        check_answers(asking)
    (check,) = [check for check in scene.report.checks if "C11" in check.proves]
    assert not check.is_passed
    assert "/v1/history/{}: status 403" in check.detail


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ({"cache-control": "max-age=60"}, "cache-control is max-age=60"),
        ({"cache-control": "no-store", "etag": "x"}, "has a tag"),
        ({"cache-control": "no-store", "set-cookie": "x"}, "sets a cookie"),
    ],
)
def test_an_answer_that_may_be_cached_is_found(stub: Stub, header: dict[str, str], complaint: str) -> None:
    stub.reply = lambda *_: (200, header, b"{}")
    scene = scene_of(stub)
    with Asking(scene) as asking:
        check_answers(asking)
    (check,) = [check for check in scene.report.checks if "C41" in check.proves]
    assert complaint in check.detail
