"""Every entry is walked over once, whatever it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from echoless.audit.search.entries import entries

pytestmark = pytest.mark.unit


def test_files_folders_links_and_fifos_are_entries_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "fifo")
    found = sorted(os.path.relpath(path, tmp_path) for path, _ in entries(tmp_path))
    assert found == [".", "a", "a/b", "a/b/file", "fifo", "link"]


def test_excluded_directories_are_passed_over_whole(tmp_path: Path) -> None:
    (tmp_path / "own" / "deep").mkdir(parents=True)
    (tmp_path / "own2").mkdir()
    assert [os.path.relpath(path, tmp_path) for path, _ in entries(tmp_path, [tmp_path / "own"])] == [".", "own2"]
    assert list(entries(tmp_path, [tmp_path])) == []


def test_what_goes_meanwhile_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    walk = entries(tmp_path)
    assert next(walk)[0] == str(tmp_path)
    shutil.rmtree(tmp_path)
    assert list(walk) == []
