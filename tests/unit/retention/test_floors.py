"""Which of two floors binds less."""

from __future__ import annotations

import pytest

from echoless.retention.decision import RetentionMode
from echoless.retention.floors import binds_to_zero, is_looser

pytestmark = pytest.mark.unit
ZERO, DEFAULT = RetentionMode.ZERO, RetentionMode.DEFAULT


@pytest.mark.claim("Z3")
def test_only_default_is_looser_and_only_than_zero() -> None:
    pairs = [(floor, than) for floor in RetentionMode for than in RetentionMode]
    assert [pair for pair in pairs if is_looser(*pair)] == [(DEFAULT, ZERO)]
    assert [floor for floor in RetentionMode if binds_to_zero(floor)] == [ZERO]
