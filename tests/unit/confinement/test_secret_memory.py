"""A private key is where neither a reader of memory nor a core dump finds it (C37)."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import SIZE_BYTES, MemoryKind, SecretMemory

pytestmark = pytest.mark.unit
_CHILD = """
import sys
from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import MemoryKind, SecretMemory
memory = SecretMemory(Kernel(), MemoryKind(sys.argv[1]))
place = memory.part(64, 32)
sys.stdin.buffer.raw.readinto(place)
print(memory.kind.value, flush=True)
sys.stdin.buffer.raw.readinto(bytearray(1))
"""


def has_secret_memory() -> bool:
    """Asked of the kernel itself, past what is tested."""
    descriptor = Kernel().call("memfd_secret", 0).value
    if descriptor >= 0:
        os.close(descriptor)
    return descriptor >= 0


def copies_in_child(strongest: MemoryKind) -> tuple[MemoryKind, int]:
    """Give a child a secret and return what kind of memory it has and how many copies a reader finds."""
    secret = secrets.token_bytes(32)
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, strongest.value], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(secret)
        kind = MemoryKind(child.stdout.readline().decode().strip())
        count = _copies(child.pid, secret)
        child.stdin.write(b"\n")
    return kind, count


def _copies(pid: int, secret: bytes) -> int:
    count = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, permissions = line.split()[:2]
            start, end = (int(part, 16) for part in bounds.split("-"))
            if permissions.startswith("r") and "[v" not in line:
                try:
                    count += os.pread(memory.fileno(), end - start, start).count(secret)
                except OSError:
                    continue
    return count


def test_what_lies_in_secret_memory_is_found_by_no_reader() -> None:
    """The positive control beside it finds the same bytes in memory that is only locked."""
    if not has_secret_memory():
        pytest.skip("this kernel has no memfd_secret")
    assert copies_in_child(MemoryKind.SECRET) == (MemoryKind.SECRET, 0)
    kind, count = copies_in_child(MemoryKind.LOCKED)
    assert kind in {MemoryKind.LOCKED, MemoryKind.PLAIN}
    assert count == 1


@pytest.mark.parametrize("strongest", [MemoryKind.SECRET, MemoryKind.LOCKED])
def test_the_page_is_left_out_of_core_dumps_and_of_children(strongest: MemoryKind) -> None:
    memory = SecretMemory(Kernel(), strongest)
    flags = _flags_of(memory)
    assert {"dd", "dc"} <= flags
    assert memory.kind is MemoryKind.PLAIN or "lo" in flags


def _flags_of(memory: SecretMemory) -> set[str]:
    start = memory._address
    is_ours = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if "-" in first and ":" not in first:
            low, high = (int(part, 16) for part in first.split("-"))
            is_ours = low <= start < high
        elif is_ours and first == "VmFlags:":
            return set(line.split()[1:])
    return set()


def test_random_bytes_come_and_go_and_nothing_is_printed() -> None:
    memory = SecretMemory(Kernel())
    memory.fill_random(32, 32)
    found = bytes(memory.part(32, 32))
    assert found != bytes(32)
    assert bytes(memory.part(0, 32)) == bytes(32)
    assert found.hex() not in repr(memory)
    memory.wipe(32, 32)
    assert bytes(memory.part(0, SIZE_BYTES)) == bytes(SIZE_BYTES)


def test_no_part_lies_outside_the_page() -> None:
    with pytest.raises(AssertionError):
        SecretMemory(Kernel()).part(SIZE_BYTES - 1, 2)


def test_no_descriptor_of_the_page_stays_open() -> None:
    before = set(os.listdir("/proc/self/fd"))
    memory = SecretMemory(Kernel())
    assert set(os.listdir("/proc/self/fd")) == before
    assert memory.kind in MemoryKind


def test_a_page_that_is_given_back_is_mapped_no_more() -> None:
    memory = SecretMemory(Kernel())
    memory.fill_random(0, 32)
    assert _flags_of(memory)
    memory.close()
    memory.close()
    assert "dd" not in _flags_of(memory)
    with pytest.raises(AssertionError):
        memory.part(0, 32)
