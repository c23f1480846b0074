"""One server per data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.data_directory import DirectoryLock, holder_of

pytestmark = pytest.mark.unit


def test_a_second_server_is_refused_and_told_who_holds_the_directory(tmp_path: Path) -> None:
    lock = DirectoryLock.acquire(tmp_path / "data")
    lock.describe({"pid": 4711, "url": "http://127.0.0.1:1"})
    with pytest.raises(EcholessError) as caught:
        DirectoryLock.acquire(tmp_path / "data")
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
    assert "4711" in caught.value.public_description
    assert holder_of(tmp_path / "data")["url"] == "http://127.0.0.1:1"
    lock.release()
    assert holder_of(tmp_path / "data") == {}
    DirectoryLock.acquire(tmp_path / "data").release()


def test_the_directory_is_for_this_user_only(tmp_path: Path) -> None:
    lock = DirectoryLock.acquire(tmp_path / "new" / "data")
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
    assert lock.path.stat().st_mode & 0o777 == 0o600
    lock.release()


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EcholessError) as caught:
        DirectoryLock.acquire(tmp_path / "file" / "data")
    assert caught.value.code is ErrorCode.DATA_DIRECTORY


def test_nobody_holds_a_directory_that_is_not_there(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "nothing") == {}
