"""A server's family and its figures, as the kernel shows them."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import cpu_seconds, family_of, forget_peak, peak_resident_bytes, resident_bytes

pytestmark = pytest.mark.unit


def test_a_family_is_a_process_and_all_its_descendants() -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import sys; sys.stdin.read()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        family = family_of(parent.pid)
        assert {member.pid for member in family} == {parent.pid, child}
        assert {member.pid: member.role for member in family} == {parent.pid: "supervisor", child: "process"}
        assert family_of(parent.pid) == family
        parent.communicate("")


def test_the_role_comes_from_the_module_that_a_process_runs() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', *sys.argv[1:]])"
    words = ["-m", "echoless.volatile.service", "engine", "7"]
    with subprocess.Popen([sys.executable, "-c", code, *words], stdin=subprocess.PIPE, text=True) as parent:
        deadline_s = time.monotonic() + 10
        roles: set[str] = set()
        while "engine" not in roles and time.monotonic() < deadline_s:
            roles = {member.role for member in family_of(parent.pid)}
        assert roles == {"supervisor", "engine"}
        parent.communicate("\n")


def test_no_such_process_is_an_error() -> None:
    with pytest.raises(EcholessError) as caught:
        family_of(2**22 + 1)
    assert caught.value.code is ErrorCode.NOT_FOUND


def test_processor_time_rises_with_work() -> None:
    before_s = cpu_seconds(os.getpid())
    began_s = time.process_time()
    while time.process_time() - began_s < 0.05:
        pass
    assert 0.04 <= cpu_seconds(os.getpid()) - before_s < 1.0


def test_memory_shows_what_is_held_and_what_was() -> None:
    forget_peak(os.getpid())
    before = resident_bytes(os.getpid())
    # More than the allocator ever takes from what was freed before: it asks the kernel for it.
    held = bytearray(b"x") * (64 << 20)
    assert resident_bytes(os.getpid()) - before > 56 << 20
    del held
    assert peak_resident_bytes(os.getpid()) - before > 56 << 20


def test_a_process_that_is_gone_has_no_figures() -> None:
    gone = 2**22 + 1
    assert (cpu_seconds(gone), resident_bytes(gone), peak_resident_bytes(gone)) == (0.0, 0, 0)
    assert not forget_peak(gone)
