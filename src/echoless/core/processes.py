"""Processes as the kernel shows them: a server's family, its processor time and its memory.

Reads /proc only. For the commands that look at a server from outside: the audit and the benchmark.
source: proc(5)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_PROC: Final = Path("/proc")
# Places in /proc/PID/stat after the command's closing bracket.
_PARENT, _USER_TICKS, _SYSTEM_TICKS, _START_TICKS = 1, 11, 12, 19
_OUR_MODULES: Final = {"echoless.vault.service": "vault", "echoless.volatile.service": ""}


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process; the start time tells it from a later one with the same number.

    role: `supervisor`, `vault`, `engine`, `gateway`, or `process` for one that is not ours
    """

    pid: int
    start_ticks: int
    role: str


def family_of(pid: int) -> tuple[ProcessIdentity, ...]:
    """Return a server's supervisor and all its descendants, by number.

    pid:    the supervisor
    raises: EcholessError(NOT_FOUND) when there is no such process
    """
    if not (_PROC / str(pid)).exists():
        raise EcholessError(ErrorCode.NOT_FOUND, f"there is no process {pid}")
    parents = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                parents[int(entry.name)] = int(fields[_PARENT])
    members, found = {pid}, {pid}
    while found:
        found = {child for child, parent in parents.items() if parent in found} - members
        members |= found
    identities = (_identity(member, is_head=member == pid) for member in sorted(members))
    return tuple(identity for identity in identities if identity is not None)


def parent_of(pid: int) -> int:
    """Return the number of a process's parent; 0 when it is gone."""
    fields = _stat(pid)
    return int(fields[_PARENT]) if fields else 0


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process, all threads, in seconds; 0.0 when it is gone."""
    fields = _stat(pid)
    if not fields:
        return 0.0
    # The scheduler's own account in nanoseconds where the kernel keeps it: ticks of 10 ms are too coarse.
    try:
        return sum(int(_read(task / "schedstat").split()[0]) for task in _tasks(pid)) / 1e9
    except (OSError, IndexError, ValueError):
        ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
        return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Return how much memory a process occupies, shared pages included; 0 when it is gone."""
    return _status_kib(pid, "VmRSS:") * 1024


def own_bytes(pid: int) -> int:
    """Return how much memory a process has of its own: anonymous pages, no files; 0 when it is gone."""
    return _status_kib(pid, "RssAnon:") * 1024


def peak_resident_bytes(pid: int) -> int:
    """Return the most memory that a process has occupied since `forget_peak`; 0 when it is gone."""
    return _status_kib(pid, "VmHWM:") * 1024


def forget_peak(pid: int) -> bool:
    """Start a process's peak anew.

    returns: False where the kernel refuses it
    """
    try:
        (_PROC / str(pid) / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _identity(pid: int, *, is_head: bool) -> ProcessIdentity | None:
    fields = _stat(pid)
    if not fields:
        return None
    return ProcessIdentity(pid, int(fields[_START_TICKS]), "supervisor" if is_head else role_of(pid))


def role_of(pid: int) -> str:
    """Return what a process of a server is, by its arguments; `process` for one that is not ours."""
    try:
        words = _read(_PROC / str(pid) / "cmdline").split("\0")
    except OSError:
        return "process"
    for module, role in _OUR_MODULES.items():
        if module in words:
            return role or words[words.index(module) + 1]
    return "process"


def _stat(pid: int) -> list[str]:
    """Return the fields after the command's name, which may hold blanks and brackets itself."""
    try:
        return _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    except OSError:
        return []


def _status_kib(pid: int, name: str) -> int:
    try:
        lines = _read(_PROC / str(pid) / "status").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _tasks(pid: int) -> list[Path]:
    return list((_PROC / str(pid) / "task").iterdir())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
