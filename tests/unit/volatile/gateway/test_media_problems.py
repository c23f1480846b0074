"""What is said of recordings that could not be done."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.volatile.gateway.media_problems import media_error
from echoless.volatile.gateway.problems import problem_for

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "status", "param"),
    [
        ("invalid_audio", 400, "file"),
        ("audio_too_short", 400, "file"),
        ("audio_too_long", 400, "file"),
        ("too_many_channels", 400, "use_multi_channel"),
        ("file_too_large", 413, "file"),
        ("concurrent_limit_exceeded", 429, None),
        ("engine_unavailable", 503, None),
        ("crossing_broken", 500, None),
        ("canary", 500, None),
    ],
)
def test_codes_of_an_engine_become_answers(code: str, status: int, param: str | None) -> None:
    error = media_error(code, "file")
    assert error.param == param
    assert problem_for(error, "r").status == status
    assert (error.code is ErrorCode.INTERNAL_ERROR) is (status == 500)
    assert "canary" not in error.public_description
