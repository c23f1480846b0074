"""What was deleted or cut off is found in the blocks of a file system of its own (C16, T10)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search import free_blocks
from echoless.audit.search.free_blocks import backing_of, place_of_own, scan_blocks
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit
_SIZE = 32 * 1024**2


@pytest.fixture
def canary() -> Canary:
    return CanaryMint().plain("it", 4_000, is_kept=False)


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with place_of_own(tmp_path_factory.mktemp("blocks"), _SIZE) as (place, reason):
        if reason:
            pytest.skip(reason)
        yield place


def _write(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())


def test_a_deleted_file_is_found(blocks: Path, canary: Canary) -> None:
    assert scan_blocks(blocks, text_needles([canary])).hits == ()
    _write(blocks / "file", canary.text.encode())
    (blocks / "file").unlink()
    scan = scan_blocks(blocks, text_needles([canary]))
    assert {hit.where for hit in scan.hits} == {"blocks of the ext4 file system"}
    assert scan.unsearched == ()


def test_what_was_cut_off_is_found(blocks: Path, canary: Canary) -> None:
    _write(blocks / "cut", b"x" * 8_192 + canary.text.encode())
    os.truncate(blocks / "cut", 4_096)
    assert scan_blocks(blocks, text_needles([canary])).hits


def test_a_large_device_is_said_to_be_unsearched(blocks: Path, canary: Canary) -> None:
    scan = scan_blocks(blocks, text_needles([canary]), device_bytes_max=1024)
    assert scan.unsearched == ("blocks of the ext4 file system: 0 GiB are more than are searched",)
    assert scan.byte_count == 0


def test_memory_has_no_blocks(canary: Canary) -> None:
    assert backing_of(Path("/dev/shm")).reason == "it is in memory and has no blocks"
    assert "has no blocks" in scan_blocks(Path("/dev/shm"), text_needles([canary])).unsearched[0]


def test_the_file_system_goes_with_its_file(tmp_path: Path) -> None:
    with place_of_own(tmp_path, _SIZE) as (place, reason):
        if reason:
            pytest.skip(reason)
        assert os.path.ismount(place)
        assert list(place.iterdir()) == []
    assert not os.path.ismount(place)
    assert list(tmp_path.iterdir()) == [place]


def test_where_none_can_be_made_an_ordinary_directory_and_the_reason_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_blocks.os, "geteuid", lambda: 0)
    monkeypatch.setattr(free_blocks.shutil, "which", lambda tool: None if tool == "mkfs.ext4" else tool)
    with place_of_own(tmp_path, _SIZE) as (place, reason):
        assert place.is_dir()
        assert reason == "there is no mkfs.ext4"


def test_a_tool_that_fails_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_blocks.os, "geteuid", lambda: 0)
    monkeypatch.setattr(free_blocks, "_FORMAT", ("false",))
    with place_of_own(tmp_path, _SIZE) as (_, reason):
        assert reason == "false ended with status 1"
        assert not (tmp_path / "blocks.img").exists()


_KILLED = """
import os, signal, sys
from pathlib import Path
from echoless.audit.search.free_blocks import place_of_own
with place_of_own(Path(sys.argv[1]), 32 * 1024**2) as (place, reason):
    print(reason, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_audit_leaves_nothing_mounted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -9
    if done.stdout.strip():
        pytest.skip(done.stdout.strip())
    deadline_s = time.monotonic() + 20
    while (tmp_path / "blocks.img").exists() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not (tmp_path / "blocks.img").exists()
    assert not os.path.ismount(tmp_path / "place")
