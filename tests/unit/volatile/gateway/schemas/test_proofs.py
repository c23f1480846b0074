"""Queries of proofs: places and sizes are whole numbers within bounds."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.proofs import ChangesQuery, ConsistencyQuery, InclusionQuery

pytestmark = pytest.mark.unit


def test_what_is_absent_is_the_newest() -> None:
    assert InclusionQuery.parse([("index", "0")]).size is None
    assert ConsistencyQuery.parse([("old_size", "1")]).size is None
    assert ChangesQuery.parse([]).page_size == 30


@pytest.mark.parametrize("number", ["-1", "x", "1.5", str(2**53), ""])
def test_what_is_no_number_within_bounds_is_refused(number: str) -> None:
    with pytest.raises(UnprocessableError):
        InclusionQuery.parse([("index", number)])
    with pytest.raises(UnprocessableError):
        ConsistencyQuery.parse([("old_size", number)])


@pytest.mark.parametrize("size", ["0", "101"])
def test_a_page_has_bounds(size: str) -> None:
    with pytest.raises(UnprocessableError):
        ChangesQuery.parse([("page_size", size)])
