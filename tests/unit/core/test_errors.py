"""The one error type."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


def test_an_error_says_its_code_and_public_words() -> None:
    error = EcholessError(ErrorCode.FILE_TOO_LARGE, "at most 10 bytes", param="text")
    assert (error.code, error.public_description, error.param) == ("file_too_large", "at most 10 bytes", "text")
    assert "file_too_large" in str(error)
