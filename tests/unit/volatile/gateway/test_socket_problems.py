"""Error frames: the contract's shape, and never what was sent."""

from __future__ import annotations

import json

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.socket_problems import socket_problem_for

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "shown", "close_code"),
    [
        (ErrorCode.INVALID_API_KEY, "invalid_api_key", 1008),
        (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, "zero_retention_not_permitted", 1008),
        (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "concurrent_limit_exceeded", 1008),
        (ErrorCode.ENGINE_UNAVAILABLE, "engine_unavailable", 1011),
        (ErrorCode.UNKNOWN_TICKET, "internal_error", 1011),
        (ErrorCode.INTERNAL_ERROR, "internal_error", 1011),
    ],
)
def test_each_error_has_its_word_and_its_close_code(code: ErrorCode, shown: str, close_code: int) -> None:
    problem = socket_problem_for(EcholessError(code, "Something of ours."))
    frame = json.loads(problem.frame)
    assert (problem.code, frame["error"]) == (shown, shown)
    assert problem.close_code == frame["code"] == close_code
    assert frame["message"]


def test_what_is_wrong_on_our_side_is_not_explained() -> None:
    problem = socket_problem_for(EcholessError(ErrorCode.CROSSING_BROKEN, "kind 40 lies"))
    assert b"kind 40" not in problem.frame


@pytest.mark.claim("Z14")
def test_fields_that_do_not_fit_are_named_by_our_names() -> None:
    fields = [FieldError(("body", "voice_settings", "speed"), "too much", "less_than_equal")]
    frame = json.loads(socket_problem_for(UnprocessableError(fields)).frame)
    assert frame["error"] == "invalid_message"
    assert "body.voice_settings.speed" in frame["message"]


def test_an_error_of_a_context_names_it_in_both_spellings() -> None:
    error = EcholessError(ErrorCode.INVALID_MESSAGE, "no")
    frame = json.loads(socket_problem_for(error, context_id="a").frame)
    assert frame["contextId"] == frame["context_id"] == "a"
