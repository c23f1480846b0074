"""Error events: the contract's words, and never what was sent."""

from __future__ import annotations

import json

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.gateway.listening_problems import listening_problem_for
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.speech.listening_flow import ErrorKind, ListeningError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "kind", "close_code"),
    [
        (ErrorCode.INVALID_API_KEY, "auth_error", 1008),
        (ErrorCode.INVALID_TOKEN, "auth_error", 1008),
        (ErrorCode.MISSING_PERMISSIONS, "auth_error", 1008),
        (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, "auth_error", 1008),
        (ErrorCode.QUOTA_EXCEEDED, "quota_exceeded", 1008),
        (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "resource_exhausted", 1008),
        (ErrorCode.INVALID_PARAMETERS, "invalid_request", 1008),
        (ErrorCode.INVALID_MESSAGE, "input_error", 1008),
        (ErrorCode.ENGINE_UNAVAILABLE, "transcriber_error", 1011),
        (ErrorCode.UNKNOWN_TICKET, "error", 1011),
        (ErrorCode.CROSSING_BROKEN, "error", 1011),
    ],
)
def test_each_error_has_its_event_and_its_close_code(code: ErrorCode, kind: str, close_code: int) -> None:
    problem = listening_problem_for(EcholessError(code, "Something of ours."))
    frame = json.loads(problem.frame)
    assert (frame["message_type"], problem.close_code) == (kind, close_code)
    assert ("Something of ours." in frame["error"]) is (kind != "error")
    assert set(frame) == {"message_type", "error"}


def test_a_refused_mode_is_told_by_its_name() -> None:
    error = EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, "Not for this workspace.")
    text = json.loads(listening_problem_for(error).frame)["error"]
    assert text.startswith("zero_retention_not_permitted")


def test_an_error_of_the_session_keeps_its_own_word() -> None:
    error = ListeningError(ErrorKind.QUEUE_OVERFLOW, ErrorCode.INVALID_MESSAGE, "Too much.")
    assert json.loads(listening_problem_for(error).frame) == {
        "message_type": "queue_overflow",
        "error": "Too much.",
    }


@pytest.mark.claim("Z14")
def test_fields_that_do_not_fit_are_named_by_our_names() -> None:
    fields = [FieldError(("query", "vad_threshold"), "too much", "less_than_equal")]
    frame = json.loads(listening_problem_for(UnprocessableError(fields)).frame)
    assert frame["message_type"] == "invalid_request"
    assert "query.vad_threshold: too much." in frame["error"]
