"""The data directory: closed to others, one holder, one version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import (
    DataDirectory,
    DirectoryLock,
    drop_superseded,
    supersede,
    write_whole,
)

pytestmark = pytest.mark.unit


def made(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    return directory


def test_everything_is_closed_to_other_users(tmp_path: Path) -> None:
    directory = made(tmp_path)
    for folder in (directory.root, directory.keys, directory.objects, directory.ledger.parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    write_whole(directory.keys / "master.key", b"k" * 32)
    assert (directory.keys / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_directory_that_cannot_be_made_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EcholessError, match="cannot be made") as caught:
        DataDirectory(tmp_path / "file" / "data").make()
    assert caught.value.code is ErrorCode.DATA_DIRECTORY


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    directory = made(tmp_path)
    first = DirectoryLock(directory)
    with pytest.raises(EcholessError, match="another server"):
        DirectoryLock(directory)
    first.release()
    DirectoryLock(directory).release()


def test_the_version_is_0_when_new_and_what_was_written_later(tmp_path: Path) -> None:
    directory = made(tmp_path)
    assert directory.version() == 0
    directory.set_version(3)
    assert directory.version() == 3


@pytest.mark.parametrize("text", ["", "three", "-1"])
def test_a_version_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    directory = made(tmp_path)
    directory.version_file.write_text(text)
    with pytest.raises(EcholessError, match="no version that can be read"):
        directory.version()


def test_a_database_without_a_version_is_refused(tmp_path: Path) -> None:
    directory = made(tmp_path)
    directory.vault_database.write_bytes(b"SQLite format 3")
    with pytest.raises(EcholessError, match="no version"):
        directory.version()


def test_a_whole_write_leaves_no_staging_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_supersedes_never_overwrites_a_file_that_is_still_in_use(tmp_path: Path) -> None:
    """A crash may come between the second name of the old file and the new one in its place."""
    path, newer, old = tmp_path / "a.key", tmp_path / "a.key.next", tmp_path / "a.key.old"
    path.write_bytes(b"in use")
    old.hardlink_to(path)
    drop_superseded(path)
    assert (path.read_bytes(), old.exists()) == (b"in use", False)
    newer.write_bytes(b"newer!")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        supersede(path, newer)
        assert os.pread(descriptor, 16, 0) == bytes(6)
    finally:
        os.close(descriptor)
    old.write_bytes(b"left over")
    drop_superseded(path)
    assert (path.read_bytes(), old.exists()) == (b"newer!", False)
