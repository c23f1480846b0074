"""Cores, memory, threads and missing layers, asked of real processes (C35 to C37, T7, T28, T36)."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version
from tests.confinement import runs

pytestmark = pytest.mark.confinement

_HERE = Path(__file__).parent


def _inside(name: str, *arguments: str, environment: dict[str, str] | None = None) -> object:
    return runs.run("properties_inside.py", name, *arguments, environment=environment)


def _crash(name: str, directory: Path) -> list[str]:
    finished = subprocess.run(
        [sys.executable, str(_HERE / "properties_inside.py"), name],
        env=runs.process_environment(),
        cwd=directory,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == -signal.SIGSEGV, finished.stderr.decode()
    return [entry.name for entry in directory.iterdir()]


def test_forced_crash_leaves_no_core_behind_the_wall(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    assert _crash("crash_inside", tmp_path / "inside") == []
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("unproved here: the hard limit of core files is 0 already")
    if "/" in (pattern := Path("/proc/sys/kernel/core_pattern").read_text()) or pattern.startswith("|"):
        pytest.skip("unproved here: the host sends cores elsewhere")
    (tmp_path / "without").mkdir()
    assert _crash("crash_without", tmp_path / "without"), "the control left no core"


def test_unknown_call_numbers_do_not_exist_behind_the_wall() -> None:
    assert _inside("unknown_number") == [errno.ENOSYS] * 3


def test_wall_is_refused_to_a_process_with_two_threads() -> None:
    assert _inside("second_thread") == "the wall needs one thread and found 2"


def test_threads_can_start_behind_the_wall() -> None:
    assert _inside("threads") == 20


def test_missing_seccomp_is_named() -> None:
    missing = _inside("no_seccomp")
    assert isinstance(missing, list)
    assert {"seccomp_absent", "channel_open:xattr", "channel_open:socket_unix_datagram"} <= set(missing)


def test_missing_landlock_is_named() -> None:
    missing = _inside("no_landlock")
    assert isinstance(missing, list)
    assert {"landlock_absent", "channel_open:outside_read"} <= set(missing)
    if abi_version(Kernel()):
        assert "single_layer:file_write" in missing


def test_missing_file_size_limit_is_named() -> None:
    assert _inside("no_limit") == ["file_size_unlimited", "channel_open:inherited_file"]


@pytest.mark.claim("Z17")
def test_missing_allocator_profile_is_named() -> None:
    """C35: the same process with and without the environment."""
    plain = {name: value for name, value in runs.process_environment().items() if name != "GLIBC_TUNABLES"}
    assert _inside("full", environment=plain) == ["allocator_profile_off"]
    assert _inside("full") == []


def test_agent_in_the_environment_is_named() -> None:
    assert _inside("full", environment=runs.process_environment() | {"SENTRY_DSN": "x"}) == ["agent_present"]


def test_vault_writes_below_its_directory_only(tmp_path: Path) -> None:
    inside, outside = tmp_path / "data", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    if abi_version(Kernel()) == 0:
        pytest.skip("this kernel has no Landlock")
    assert _inside("vault", str(inside), str(outside)) == ["written", "refused"]


@contextmanager
def _waiting(name: str) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, str(_HERE / "properties_inside.py"), name],
        env=runs.process_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == b"[]"
            yield process.pid
        finally:
            process.kill()


def _can_look_into(pid: int) -> bool:
    try:
        with Path(f"/proc/{pid}/mem").open("rb"):
            return True
    except PermissionError:
        return False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any process; run as an ordinary user")
def test_same_user_cannot_look_into_a_walled_process() -> None:
    with _waiting("wait_without") as control:
        assert _can_look_into(control)
    with _waiting("wait_inside") as walled:
        assert not _can_look_into(walled)


def test_audit_view_lets_the_ancestor_look_in() -> None:
    with _waiting("wait_audit_view") as viewed:
        assert _can_look_into(viewed)
