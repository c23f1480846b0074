"""The body of a single-use token."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.single_use_token import SingleUseTokenBody

pytestmark = pytest.mark.unit


def test_null_is_absent_and_nonsense_is_refused() -> None:
    assert SingleUseTokenBody.checked({"enable_logging": None}).enable_logging is None
    with pytest.raises(UnprocessableError):
        SingleUseTokenBody.checked({"enable_logging": "perhaps"})
