"""What an error says is compared without the id of the request that it answers."""

from __future__ import annotations

import json

import pytest

from echoless.audit.client import Answer
from echoless.audit.parts.forgetting import said_by

pytestmark = pytest.mark.unit


def answer(status: int, **detail: str) -> Answer:
    return Answer(status, {}, json.dumps({"detail": detail}).encode())


def test_errors_of_two_requests_are_alike_when_they_say_the_same() -> None:
    gone = said_by(answer(404, code="history_item_not_found", request_id="a"))
    unknown = said_by(answer(404, code="history_item_not_found", request_id="b"))
    assert gone == unknown
    assert gone != said_by(answer(404, code="history_item_deleted", request_id="b"))
    assert gone != said_by(answer(410, code="history_item_not_found", request_id="b"))
