"""Every entry is walked over once, whatever it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.disk_scan import scan_directory
from echoless.audit.search.entries import entries
from echoless.audit.search.names_scan import scan_names
from echoless.audit.search.needles import text_needles

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


def test_a_directory_that_may_not_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refusing(path: str) -> os.PathLike[str]:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    refused: list[OSError] = []
    assert len(list(entries(tmp_path, (), refused))) == 2
    assert [error.errno for error in refused] == [13]
    with pytest.raises(PermissionError, match="a directory cannot be listed"):
        scan_directory(tmp_path, text_needles([CanaryMint(seed=1).plain("it", 20, is_kept=False)]))
    scan = scan_names([tmp_path], text_needles([CanaryMint(seed=1).plain("it", 20, is_kept=False)]), place="")
    assert scan.unsearched == (f"a directory in {tmp_path}: Permission denied",)
