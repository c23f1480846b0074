"""Whoever closes a file after writing is seen with what was in it, though the file is gone (C17, T9, T10)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from echoless.audit.search import written_files
from echoless.audit.search.watcher import watching
from echoless.audit.search.written_files import FileWatch, Written, writable_places

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(os.geteuid() != 0, reason="the kernel tells root alone of files of others"),
]

_WRITER = """
import os, sys
how, place = sys.argv[1:]
if how == "deleted":
    path = os.path.join(place, "file")
    with open(path, "wb") as file:
        os.unlink(path)
        file.write(b"marked")
elif how == "unnamed":
    file = os.open(place, os.O_TMPFILE | os.O_RDWR)
    os.write(file, b"marked")
    os.close(file)
elif how == "linked":
    open(os.path.join(place, "file"), "wb").write(b"marked")
elif how == "read":
    open(sys.executable, "rb").read(10)
"""


def _written(how: str, place: Path, *, role: str | None = "engine") -> list[Written]:
    own: set[int] = set()
    watch = FileWatch(lambda pid: role if pid in own else None)
    with watching([watch]), subprocess.Popen([sys.executable, "-c", _WRITER, how, str(place)]) as process:
        own.add(process.pid)
        assert process.wait() == 0
    assert watch.is_told
    assert watch.lost_count == 0
    return [item for item in watch.written if item.pid in own]


@pytest.mark.parametrize("how", ["deleted", "unnamed"])
@pytest.mark.parametrize("place", ["own", "/dev/shm"])
def test_a_file_that_is_gone_is_seen(tmp_path: Path, how: str, place: str) -> None:
    (item,) = _written(how, tmp_path if place == "own" else Path(place))
    assert (item.role, item.data, item.size_bytes, item.is_linked) == ("engine", b"marked", 6, False)


def test_a_file_that_stays_is_seen_under_its_name(tmp_path: Path) -> None:
    (item,) = _written("linked", tmp_path)
    assert (item.path, item.is_linked) == (os.fsencode(tmp_path / "file"), True)


def test_who_only_reads_and_who_is_no_part_of_the_server_is_not_noted(tmp_path: Path) -> None:
    assert _written("read", tmp_path) == []
    assert _written("linked", tmp_path, role=None) == []


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written_files, "KEPT_BYTES_MAX", 3)
    (item,) = _written("linked", tmp_path)
    assert (item.data, item.size_bytes) == (b"mar", 6)


def test_without_the_right_to_it_nothing_is_said_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise PermissionError(1, "no")

    monkeypatch.setattr(written_files, "fanotify_begun", refused)
    watch = FileWatch(lambda _: None)
    assert (watch.is_told, watch.descriptor()) == (False, None)


def test_the_places_are_those_that_programs_can_write_to() -> None:
    places = writable_places()
    assert Path("/") in places
    assert Path("/proc") not in places
