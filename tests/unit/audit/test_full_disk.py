"""A full file system has no room for one byte more, and has it again afterwards; a limit is of one process."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from echoless.audit.full_disk import _fill, filled, limited
from echoless.audit.search.free_blocks import place_of_own

pytestmark = pytest.mark.unit

_DISK_BYTES = 8 * 1024 * 1024


def test_a_file_system_is_full_to_its_last_block_and_empty_again(tmp_path: Path) -> None:
    with place_of_own(tmp_path, _DISK_BYTES) as (place, reason):
        if reason:
            pytest.skip(reason)
        with filled(place) as filled_bytes:
            assert _DISK_BYTES / 2 < filled_bytes < _DISK_BYTES
            with pytest.raises(OSError, match="No space") as refused:
                (place / "one").write_bytes(b"more")
            assert refused.value.errno == errno.ENOSPC
        (place / "one").write_bytes(bytes(1024 * 1024))
        assert {path.name for path in place.iterdir()} == {"one"}


def test_filling_ends_where_there_is_no_room_and_passes_on_what_else_is_wrong(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    readable = os.open("/dev/zero", os.O_RDONLY)
    try:
        assert _fill(full, 4096) == 0
        with pytest.raises(OSError, match="Bad file"):
            _fill(readable, 1)
    finally:
        os.close(full)
        os.close(readable)


def test_nothing_is_left_of_what_filled_it_also_when_something_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("echoless.audit.full_disk._fill", lambda _descriptor, size_bytes: size_bytes)
    with pytest.raises(KeyError), filled(tmp_path) as filled_bytes:
        assert filled_bytes > 0
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_limit_holds_for_one_process_and_is_taken_back() -> None:
    code = "import sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE) as waiting:
        before = resource.prlimit(waiting.pid, resource.RLIMIT_FSIZE)
        own = resource.getrlimit(resource.RLIMIT_FSIZE)
        with pytest.raises(KeyError), limited(waiting.pid):
            assert resource.prlimit(waiting.pid, resource.RLIMIT_FSIZE)[0] == 4096
            assert resource.getrlimit(resource.RLIMIT_FSIZE) == own
            raise KeyError
        assert resource.prlimit(waiting.pid, resource.RLIMIT_FSIZE) == before
