"""What can be seen of a process's wall from outside, by the kernel's word, and whether others may look inside.

Whether others may is tried, by a program that has the right of the process's own user and no more: of root's rights
it lays aside the one to look into every process, as long as it asks.
source: proc(5), /proc/PID/{status,limits}; process_vm_readv(2), ptrace(2) (ptrace access mode checking), capset(2)
"""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.confinement.observed import observe
from echoless.core.processes import ProcessIdentity

_PROC: Final = Path("/proc")
_NONE: Final = ("0", "0")
_ASK_TIMEOUT_S: Final = 20.0
# Run by itself, since it gives up rights. In: process numbers. Out: number and errno, one line each.
_ASKING: Final = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
local = ctypes.create_string_buffer(16)
here = struct.pack("PN", ctypes.addressof(local), 16)
there = struct.pack("PN", 4096, 16)
def lay_aside():
    head = struct.pack("=II", 0x20080522, 0)
    sets = bytearray(24)
    held = (ctypes.c_char * 24).from_buffer(sets)
    if libc.capget(head, held) == 0:
        effective = struct.unpack_from("=I", sets)[0] & ~(1 << 19)
        struct.pack_into("=I", sets, 0, effective)
        libc.capset(head, held)
for word in sys.argv[1:]:
    pid = int(word)
    child = os.fork()
    if child == 0:
        owner = int(next(line for line in open(f"/proc/{pid}/status") if line.startswith("Uid:")).split()[1])
        if owner != os.getuid():
            os.setuid(owner)
        lay_aside()
        count = libc.process_vm_readv(pid, here, 1, there, 1, 0)
        print(pid, 0 if count >= 0 else ctypes.get_errno(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@dataclass(frozen=True, slots=True)
class WallFacts:
    """One process from outside.

    is_filtered:    a seccomp filter is in force, and no program that it starts can lose it
    has_core_limit: it leaves no core file, whatever becomes of it
    has_size_limit: it can make no file grow
    swap_kib:       how much of it lies in swap
    is_readable:    whether its own user's other processes may look inside; None where that could not be tried
    """

    process: ProcessIdentity
    is_filtered: bool
    has_core_limit: bool
    has_size_limit: bool
    swap_kib: int
    is_readable: bool | None


def wall_facts(family: Sequence[ProcessIdentity]) -> list[WallFacts]:
    """Return what is to be seen of each process; one that has ended meanwhile is left out."""
    readable = _readable([process.pid for process in family])
    found = []
    for process in family:
        observed = observe(process.pid, process.start_ticks)
        if observed is not None:
            limits = _limits(process.pid)
            found.append(
                WallFacts(
                    process,
                    observed.is_filtered,
                    limits.get("Max core file size") == _NONE,
                    limits.get("Max file size") == _NONE,
                    observed.swap_kib,
                    readable.get(process.pid),
                )
            )
    return found


def _limits(pid: int) -> dict[str, tuple[str, ...]]:
    """Return soft and hard limit by name; nothing where they are not shown."""
    try:
        lines = (_PROC / str(pid) / "limits").read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return {}
    # Columns of fixed width: names have blanks.
    return {line[:26].strip(): tuple(line[26:].split()[:2]) for line in lines}


def _readable(pids: Sequence[int]) -> dict[int, bool]:
    """Return for each process whether it can be looked into; nothing of one that could not be tried."""
    command = [sys.executable, "-I", "-c", _ASKING, *map(str, pids)]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and text, with numbers
            command, check=False, capture_output=True, timeout=_ASK_TIMEOUT_S, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    answers = (line.split() for line in done.stdout.splitlines())
    # Allowed, but for an address where nothing is.
    allowed = {0, errno.EFAULT}
    known = {int(pid): int(number) for pid, number in answers}
    return {pid: number in allowed for pid, number in known.items() if number in allowed | {errno.EPERM}}
