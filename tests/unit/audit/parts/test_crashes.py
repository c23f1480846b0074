"""Blows end a process, or starve it; each is tried on a process of our own."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys

import pytest

from echoless.audit.parts.crashes import BLOWS, ROLES, starve

pytestmark = pytest.mark.unit

_WAITS = "import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read(1); "


def waiting(code: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WAITS + code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.read(1) == b"x"
    return process


@pytest.mark.parametrize("blow", [blow for blow in BLOWS if not blow.is_limit], ids=lambda blow: blow.name)
def test_a_blow_is_the_signal_that_it_is_called_by(blow: object) -> None:
    assert blow in BLOWS
    process = waiting("")
    with process:
        next(each for each in BLOWS if each is blow).strike(process.pid)
    assert -process.returncode == signal.Signals[next(each for each in BLOWS if each is blow).name]


@pytest.mark.parametrize(("is_starved", "status"), [(False, 0), (True, 7)])
def test_a_starved_process_is_refused_memory_and_may_be_fed_again(is_starved: bool, status: int) -> None:
    code = """
try:
    bytearray(64 << 20)
except MemoryError:
    sys.exit(7)
"""
    process = waiting("\n" + code)
    with process:
        if is_starved:
            starve(process.pid)
            assert resource.prlimit(process.pid, resource.RLIMIT_AS)[0] < 64 << 20
        process.communicate(b"x")
    assert process.returncode == status


def test_every_process_that_sees_content_is_struck() -> None:
    assert {"engine", "media", "live", "gateway", "vault"} == set(ROLES)
