"""What would become of a request, as a client is told."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.policy_records import ForeseenRequest
from echoless.retention.decision import Level, RetentionMode
from echoless.volatile.gateway.foresight import foreseen_wire

pytestmark = pytest.mark.unit


def test_a_request_that_would_be_served_has_no_refusal() -> None:
    told = foreseen_wire(ForeseenRequest("GET /v1/history", RetentionMode.DEFAULT, Level.NOBODY), "r")
    assert (told["served"], told["retention"], told["refusal"]) == (True, "default", None)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, 403), (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, 400),
        (ErrorCode.MISSING_PERMISSIONS, 401), (ErrorCode.QUOTA_EXCEEDED, 401), (ErrorCode.INVALID_PARAMETERS, 400),
    ],
)  # fmt: skip
def test_a_refusal_has_the_status_that_it_would_have(code: ErrorCode, status: int) -> None:
    """C7."""
    foreseen = ForeseenRequest("POST /v1/music", RetentionMode.ZERO, Level.REQUEST, code.value, "No.", "p", 2)
    told = foreseen_wire(foreseen, "r")
    assert (told["served"], told["decided_by"], told["policy_version"]) == (False, "request", 2)
    assert told["refusal"] == {"http_status": status, "code": code.value, "message": "No.", "param": "p"}
