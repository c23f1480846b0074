"""What the vault sees of the others is the kernel's word, about that very process (C8, C36)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.confinement.observed import ObservedProcess, observe, start_ticks

pytestmark = pytest.mark.unit
_NO_NEW_PRIVS = (
    "import ctypes, sys\n"
    "assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0\n"
    "print('ready', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _NO_NEW_PRIVS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate()


def test_another_process_is_seen_as_it_is(other: subprocess.Popen[str]) -> None:
    started = start_ticks(other.pid)
    assert started is not None
    seen = observe(other.pid, started)
    assert seen is not None
    assert (seen.pid, seen.has_no_new_privs, seen.swap_kib) == (other.pid, True, 0)
    mine = observe(os.getpid(), start_ticks(os.getpid()) or -1)
    assert mine is not None
    assert seen.seccomp_mode == mine.seccomp_mode


def test_a_process_that_took_the_number_of_another_is_not_taken_for_it(other: subprocess.Popen[str]) -> None:
    started = start_ticks(other.pid)
    assert started is not None
    assert observe(other.pid, started + 1) is None


def test_one_that_is_gone_is_not_seen() -> None:
    assert start_ticks(2**22 + 1) is None
    assert observe(2**22 + 1, 0) is None


@pytest.mark.parametrize(("mode", "privs", "is_filtered"), [(2, True, True), (2, False, False), (0, True, False)])
def test_a_filter_counts_only_where_it_cannot_be_lost(mode: int, privs: bool, is_filtered: bool) -> None:
    assert ObservedProcess(1, mode, privs, 0).is_filtered is is_filtered


def test_a_program_with_any_name_is_read(tmp_path: Path) -> None:
    place = tmp_path / "7"
    place.mkdir()
    (place / "stat").write_text("7 (a) b ) R " + " ".join(str(number) for number in range(4, 53)))
    (place / "status").write_text("Name:\ta) b\nVmSwap:\t     12 kB\nNoNewPrivs:\t1\nSeccomp:\t2\n")
    assert start_ticks(7, tmp_path) == 22
    assert observe(7, 22, tmp_path) == ObservedProcess(7, 2, True, 12)
    (place / "status").write_text("Name:\tkernel thread\nSeccomp:\t0\nNoNewPrivs:\t0\n")
    assert observe(7, 22, tmp_path) is None
