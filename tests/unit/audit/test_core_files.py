"""Core files are known by what is in them, at the places that the host's pattern says."""

from __future__ import annotations

import os
import resource
import struct
from pathlib import Path

import pytest

from echoless.audit.core_files import (
    CorePlaces,
    core_limit_of,
    host_pattern,
    is_core,
    leaves_a_core,
    working_directory_of,
)

pytestmark = pytest.mark.unit


def elf(kind: int) -> bytes:
    return b"\x7fELF" + bytes(12) + struct.pack("=H", kind) + bytes(40)


def test_a_core_is_known_by_its_type_whatever_it_is_called(tmp_path: Path) -> None:
    for name, data in {"tidy": elf(4), "core": elf(2), "core.1": b"no core", "short": b"\x7fELF"}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "link").symlink_to(tmp_path / "tidy")
    assert {path.name for path in tmp_path.iterdir() if is_core(path)} == {"tidy", "link"}
    assert CorePlaces.of("core", [tmp_path, tmp_path]).cores() == {tmp_path / "tidy"}
    assert not is_core(tmp_path / "nothing")


def test_the_pattern_says_where_cores_go(tmp_path: Path) -> None:
    relative = CorePlaces.of("core.%p", [tmp_path])
    absolute = CorePlaces.of(f"{tmp_path}/cores/%e", [Path("/")])
    handed = CorePlaces.of("|/usr/lib/systemd/systemd-coredump %P", [tmp_path])
    assert relative.directories == (tmp_path,)
    assert absolute.directories == (tmp_path / "cores",)
    assert absolute.cores() == frozenset()
    assert handed.is_handed_over
    assert tmp_path not in handed.directories


def test_of_programs_that_keep_cores_packed_every_file_counts(tmp_path: Path) -> None:
    (tmp_path / "core.zst").write_bytes(b"packed")
    assert CorePlaces((tmp_path,), True).cores() == {tmp_path / "core.zst"}


def test_a_process_of_our_own_is_crashed_and_its_core_is_found_and_removed(tmp_path: Path) -> None:
    found = leaves_a_core(tmp_path, host_pattern())
    if host_pattern() == "core" and resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        assert found is True
    assert list(tmp_path.iterdir()) == []


def test_what_the_kernel_says_of_a_process_is_read() -> None:
    soft, hard = core_limit_of(os.getpid()).split()
    now = resource.getrlimit(resource.RLIMIT_CORE)
    assert [("unlimited" if limit == resource.RLIM_INFINITY else str(limit)) for limit in now] == [soft, hard]
    assert working_directory_of(os.getpid()) == Path.cwd()
