"""Bodies about logs and deletions of many."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.workspace_logs import DeletionsBody, LogSettingsBody

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("value", ["perhaps", 2, None, []])
def test_a_wish_is_true_or_false(value: object) -> None:
    with pytest.raises(UnprocessableError):
        LogSettingsBody.checked({"erase_logs_with_item": value})
    assert LogSettingsBody.checked({"erase_logs_with_item": True}).erase_logs_with_item


def test_ids_are_bounded_in_number_and_length() -> None:
    assert len(DeletionsBody.checked({"history_item_ids": ["x"] * 1000}).history_item_ids or []) == 1000
    for ids in (["x"] * 1001, ["x" * 257], [5]):
        with pytest.raises(UnprocessableError):
            DeletionsBody.checked({"history_item_ids": ids})
