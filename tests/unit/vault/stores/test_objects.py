"""Objects as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.objects import FileObjects

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("durability", ["process", "power"])
def test_objects_are_listed_in_order_and_deleted_by_item(tmp_path: Path, durability: str) -> None:
    objects = FileObjects(tmp_path, durability)
    paths = ["ab/abcd/000000", "ab/abcd/input-000000", "zz/zz/000000"]
    for path in reversed(paths):
        objects.put(path, path.encode())
    assert [path for path, _size in objects.paths()] == paths
    assert objects.get(paths[1]) == paths[1].encode()
    objects.delete_item("abcd")
    assert list(objects.item_ids()) == ["zz"]


def test_what_is_gone_is_not_called_a_failure_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(EcholessError) as caught:
        FileObjects(tmp_path, "process").get("ab/abcd/000000")
    assert caught.value.code is ErrorCode.INTERNAL_ERROR
