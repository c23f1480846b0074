"""Watches who writes files anywhere, by the kernel's word: each file that was open for writing and was closed, with
the process that closed it, and what was in it, though it may be gone a moment later.

source: fanotify(7)
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.audit.search.kernel_calls import fanotify_begun, fanotify_marked

KEPT_BYTES_MAX: Final = 1024 * 1024
KEPT_TOTAL_BYTES_MAX: Final = 256 * 1024 * 1024
_EVENT: Final = struct.Struct("=IBBHQii")
_READ_BYTES: Final = 64 * 1024
_CLOSED_AFTER_WRITING: Final = 0x8
_OVERFLOW: Final = 0x4000
_MOUNTS: Final = Path("/proc/self/mounts")
# What holds no files of programs.
_NOT_FILES: Final = frozenset(
    {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "securityfs", "debugfs", "tracefs", "bpf", "mqueue", "autofs"}
)
RoleOf = Callable[[int], str | None]


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """One file that a process of the server had open for writing.

    path: as it was when it was closed; for whoever searches, not for print
    data: what was in it, as far as it is kept
    """

    role: str
    pid: int
    path: bytes
    data: bytes
    size_bytes: int
    is_linked: bool


class FileWatch:
    """Files that processes of a server closed after writing, anywhere on this machine.

    is_told:    whether the kernel tells; without the right to it nothing is seen
    lost_count: how often it had more to tell than it holds
    """

    def __init__(self, role_of: RoleOf) -> None:
        self._role_of = role_of
        self._kept_bytes = 0
        self.written: list[Written] = []
        self.lost_count = 0
        self.unwatched: list[str] = []
        self._descriptor = self._begun()
        self.is_told = self._descriptor is not None

    def descriptor(self) -> int | None:
        """Return where the kernel tells."""
        return self._descriptor

    def take(self) -> None:
        """Take all that the kernel has told; files that others wrote are let go at once."""
        while self._descriptor is not None:
            try:
                told = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return
            for place in range(0, len(told), _EVENT.size):
                _, _, _, _, mask, opened, pid = _EVENT.unpack_from(told, place)
                if mask & _OVERFLOW:
                    self.lost_count += 1
                if opened >= 0:
                    self._closed(opened, pid)

    def look(self) -> None:
        """There is nothing to look at between what is told."""

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _begun(self) -> int | None:
        try:
            descriptor = fanotify_begun()
        except OSError:
            return None
        for place in writable_places():
            try:
                fanotify_marked(descriptor, _CLOSED_AFTER_WRITING, place)
            except OSError as error:
                self.unwatched.append(f"{place}: {os.strerror(error.errno or 0)}")
        return descriptor

    def _closed(self, opened: int, pid: int) -> None:
        try:
            role = None if pid == os.getpid() else self._role_of(pid)
            if role is not None:
                self._note(role, pid, opened)
        finally:
            os.close(opened)

    def _note(self, role: str, pid: int, opened: int) -> None:
        facts = os.fstat(opened)
        data = b""
        if stat.S_ISREG(facts.st_mode) and self._kept_bytes < KEPT_TOTAL_BYTES_MAX:
            with contextlib.suppress(OSError):
                data = os.pread(opened, KEPT_BYTES_MAX, 0)
        self._kept_bytes += len(data)
        path = os.fsencode(os.readlink(f"/proc/self/fd/{opened}"))  # noqa: PTH115  # bytes as they are
        self.written.append(Written(role, pid, path, data, facts.st_size, facts.st_nlink > 0))


def writable_places() -> list[Path]:
    """Return where each file system is mounted that programs can write to."""
    places = {}
    for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
        device, place, kind, options, *_ = line.split()
        if kind not in _NOT_FILES and "ro" not in options.split(","):
            # The last mount at a place hides those before.
            places[place] = (device, Path(place.encode("ascii", "replace").decode("unicode_escape")))
    return [path for _, path in places.values()]
