"""The process does what it is told, one thing at a time, and ends with its block."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.audit.search.planted_process import PlantedProcess

pytestmark = pytest.mark.unit


def test_it_does_what_it_is_told_and_ends(tmp_path: Path) -> None:
    with PlantedProcess.started("an argument") as planted:
        assert b"an argument" in Path(f"/proc/{planted.pid}/cmdline").read_bytes()
        assert planted.does("hold", "word")
        links = [os.readlink(f"/proc/{planted.pid}/fd/{name}") for name in os.listdir(f"/proc/{planted.pid}/fd")]
        assert "/memfd:held (deleted)" in links
        assert planted.does("write and delete", "word", str(tmp_path / "file"))
        assert list(tmp_path.iterdir()) == []
        assert planted.does("send", "word")
        assert planted.does("start", "word")
        assert planted.does("name", f"echoless-test-{os.getpid()}")
        assert f"@echoless-test-{os.getpid()}" in Path("/proc/net/unix").read_text()
    assert not Path(f"/proc/{planted.pid}").exists()


def test_it_says_when_it_could_not(tmp_path: Path) -> None:
    with PlantedProcess.started() as planted:
        assert not planted.does("write and delete", "word", str(tmp_path / "no" / "folder"))
