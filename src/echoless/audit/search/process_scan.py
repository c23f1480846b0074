"""Searches what the kernel shows of processes beside their memory: arguments, environment, names of threads, open
files and what is in them, though no path leads there any more.

source: proc(5), /proc/PID/{cmdline,environ,fd,task}; memfd_create(2)
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of
from echoless.core.processes import ProcessIdentity

_PROC: Final = Path("/proc")
# Everything of a process that is text somebody could have put in.
_TEXTS: Final = {
    "cmdline": "arguments", "environ": "environment", "comm": "name", "cgroup": "control group",
    "mountinfo": "mounts", "maps": "names of mappings",
}  # fmt: skip
_DELETED: Final = " (deleted)"
# Memory that the kernel itself has no address of: nobody but its owner can read it, and it is on no disk.
_OWNERS_ALONE: Final = "/secretmem"


def scan_processes(family: Iterable[ProcessIdentity], needles: Sought) -> PlaceScan:
    """Search arguments, environment, names and open files of some processes.

    What a process wrote over its own arguments or its name is seen as it is now.
    """
    sieve = Sieve.of(needles)
    for process in family:
        called = f"{process.role} {process.pid}"
        for name, word in _TEXTS.items():
            _look_at_file(sieve, f"{called}: {word}", _PROC / str(process.pid) / name)
        for task in _entries(sieve, called, _PROC / str(process.pid) / "task"):
            _look_at_file(sieve, f"{called}: name of a thread", task / "comm")
        for descriptor in _entries(sieve, called, _PROC / str(process.pid) / "fd"):
            _look_at_descriptor(sieve, called, descriptor)
    return sieve.result("processes", "processes")


def is_pathless(link: str) -> bool:
    """Whether a descriptor's link names a file that no path leads to: unlinked, or never linked."""
    is_file = link.startswith("/") and not link.startswith(_OWNERS_ALONE)
    return is_file and (link.startswith("/memfd:") or link.endswith(_DELETED))


def _look_at_descriptor(sieve: Sieve, called: str, descriptor: Path) -> None:
    """Search the name behind a descriptor, and the file itself where only descriptors lead to it."""
    try:
        link = os.readlink(descriptor)  # noqa: PTH115  # bytes as they are; a Path would tidy them
    except OSError:
        # Closed meanwhile.
        return
    sieve.look(f"{called}: name of an open file", os.fsencode(link))
    if is_pathless(link):
        what = "a memory file" if link.startswith("/memfd:") else "a deleted file that is open"
        _look_inside(sieve, f"{called}: {what}, descriptor {descriptor.name}", descriptor)


def _look_inside(sieve: Sieve, where: str, path: Path) -> None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        sieve.pass_over(where, reason_of(error))
        return
    try:
        sieve.look_into(where, descriptor)
    except OSError as error:
        sieve.pass_over(where, reason_of(error))
    finally:
        os.close(descriptor)


def _look_at_file(sieve: Sieve, where: str, path: Path) -> None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        # The process or the thread has ended.
        return
    except OSError as error:
        sieve.pass_over(where, reason_of(error))
        return
    sieve.look(where, data)


def _entries(sieve: Sieve, called: str, directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except FileNotFoundError:
        # The process has ended.
        return []
    except OSError as error:
        sieve.pass_over(f"{called}: {directory.name}", reason_of(error))
        return []
