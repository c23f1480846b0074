"""The kernel's bounds, each tried by a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

_IMPORT = "from echoless.volatile.engines.media.bounds import bound_memory, watchdog\n"


def ended(program: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", _IMPORT + program], capture_output=True, timeout=60, check=False)


def test_memory_beyond_the_bound_is_refused() -> None:
    program = """
bound_memory(0, working_bytes=64 * 2**20)
kept = bytearray(32 * 2**20)
try:
    more = bytearray(64 * 2**20)
except MemoryError:
    raise SystemExit(7)
"""
    assert ended(program).returncode == 7


def test_memory_within_the_bound_is_given() -> None:
    assert (
        ended("bound_memory(32 * 2**20, working_bytes=64 * 2**20)\nkept = bytearray(100 * 2**20)").returncode == 0
    )


def test_a_model_brings_its_own_room(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(16 * 2**20))
    program = f"""
first = bound_memory(0, working_bytes=2**30)
second = bound_memory(0, [{str(tmp_path)!r}], working_bytes=2**29)
raise SystemExit(abs(first - second - 2**29 + 6 * 16 * 2**20) > 2**20)
"""
    finished = ended(program)
    assert finished.returncode == 0, finished.stderr


def test_a_job_that_never_looks_up_ends_its_process() -> None:
    assert ended("alive = watchdog(0.2)\nalive()\nwhile True: pass").returncode == -signal.SIGPROF


def test_a_job_that_looks_up_goes_on() -> None:
    program = """
import time
alive = watchdog(0.5)
while time.process_time() < 1.5:
    alive()
"""
    assert ended(program).returncode == 0


def test_a_process_that_waits_is_not_taken_for_stuck() -> None:
    assert ended("import time\nwatchdog(0.2)()\ntime.sleep(0.6)").returncode == 0
