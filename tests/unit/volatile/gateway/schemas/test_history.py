"""Queries and bodies of history."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.history import DownloadBody, HistoryQuery

pytestmark = pytest.mark.unit


def test_page_is_a_hundred_items_newest_first_unless_asked_otherwise() -> None:
    query = HistoryQuery.parse([])
    assert (query.page_size, query.sort_direction) == (100, "desc")


@pytest.mark.parametrize(
    ("name", "value"), [("search", "x" * 1001), ("date_before_unix", "-1"), ("voice_id", "x" * 257)]
)
def test_filters_have_bounds(name: str, value: str) -> None:
    with pytest.raises(UnprocessableError):
        HistoryQuery.parse([(name, value)])


def test_download_names_at_most_a_thousand_items() -> None:
    with pytest.raises(UnprocessableError):
        DownloadBody.checked({"history_item_ids": ["a"] * 1001})
