"""Query of notices."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.workspace_notices import NoticesQuery

pytestmark = pytest.mark.unit


def test_a_page_has_fifty_notices_unless_told() -> None:
    assert (NoticesQuery.parse(()).limit, NoticesQuery.parse((("limit", "7"),)).limit) == (50, 7)


@pytest.mark.parametrize("pair", [("limit", "0"), ("limit", "101"), ("limit", "many"), ("cursor", "a b")])
def test_what_cannot_be_a_page_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(UnprocessableError):
        NoticesQuery.parse((pair,))
