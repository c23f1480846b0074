"""Watches what processes have open: files for writing, and sockets with whom they lead to.

Looked at each interval: what is opened and closed in between is not seen here but by the watch of written files and
of packets.
source: proc(5), /proc/PID/fd, /proc/PID/fdinfo and /proc/PID/net/{tcp,tcp6,udp,udp6,unix}
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_ACCESS_MODE: Final = 0o3
# The kernel takes milliseconds to print its tables: soon for a socket that is new, seldom for those known.
_NEW_SOCKETS_EVERY_S, _SOCKETS_EVERY_S = 0.05, 0.5
_TABLES: Final = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6")
_INODE_FIELD: Final = 9
# What is no file although it can be written to.
_HARMLESS: Final = (
    "pipe:", "socket:", "anon_inode:[event", "anon_inode:[signalfd", "anon_inode:[timerfd", "/dev/null",
)  # fmt: skip
Roles = Callable[[], Mapping[int, str]]


@dataclass(frozen=True, slots=True)
class OpenForWriting:
    """A descriptor that is no pipe and no socket and can be written to.

    link: what it leads to, as the kernel names it; for whoever searches, not for print
    """

    role: str
    pid: int
    descriptor: int
    link: bytes

    @property
    def what(self) -> str:
        """Say what kind of thing it is, without its name."""
        for beginning, word in _KINDS.items():
            if self.link.startswith(beginning):
                return word
        return "a deleted file" if self.link.endswith(b" (deleted)") else "a file"


_KINDS: Final = {
    b"/memfd:": "a memory file", b"/dev/shm/": "a file in shared memory", b"/dev/": "a device",
    b"anon_inode:": "an object of the kernel", b"/proc/": "a file of the kernel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Connection:
    """A socket of the internet that a process has.

    protocol: `tcp`, `udp` or `raw`, with 6 behind it for the newer
    """

    role: str
    protocol: str
    local_port: int
    remote: str
    remote_port: int


class DescriptorWatch:
    """Everything that processes of a server were seen to have open."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self._sockets_s = 0.0
        self._known: set[tuple[int, str, str]] = set()
        self._known_sockets: set[int] = set()
        self.writable: set[OpenForWriting] = set()
        self.connections: set[Connection] = set()
        self.look_count = 0
        self.look()

    def descriptor(self) -> int | None:
        """Nobody tells."""
        return None

    def take(self) -> None:
        """Nobody tells."""

    def look(self) -> None:
        """Look at every descriptor; at the tables of sockets less often."""
        self.look_count += 1
        inodes: dict[int, str] = {}
        for pid, role in list(self._roles().items()):
            for name, link in _links(pid):
                if link.startswith("socket:["):
                    inodes[int(link[8:-1])] = role
                elif not link.startswith(_HARMLESS) and (pid, name, link) not in self._known:
                    self._known.add((pid, name, link))
                    if _is_writable(pid, name):
                        self.writable.add(OpenForWriting(role, pid, int(name), os.fsencode(link)))
        is_new = not inodes.keys() <= self._known_sockets
        if time.monotonic() - self._sockets_s >= (_NEW_SOCKETS_EVERY_S if is_new else _SOCKETS_EVERY_S):
            self._sockets_s = time.monotonic()
            self._known_sockets |= inodes.keys()
            supervisor = next(iter(self._roles()), None)
            if supervisor is not None:
                self.connections.update(_connections(supervisor, inodes))

    def close(self) -> None:
        """Everything that was open stays noted."""


def _links(pid: int) -> Iterator[tuple[str, str]]:
    """Yield number and target of each descriptor of a process; nothing when it is gone."""
    directory = f"/proc/{pid}/fd"
    try:
        names = os.listdir(directory)  # noqa: PTH208  # a hundred times a second
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            yield name, os.readlink(f"{directory}/{name}")  # noqa: PTH115  # a hundred times a second


def _is_writable(pid: int, name: str) -> bool:
    try:
        lines = (_PROC / str(pid) / "fdinfo" / name).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((int(line.split()[1], 8) for line in lines if line.startswith("flags:")), 0)
    return flags & _ACCESS_MODE != os.O_RDONLY


def _connections(pid: int, inodes: Mapping[int, str]) -> Iterator[Connection]:
    """Yield the sockets among some, in the network that a process sees."""
    for protocol in _TABLES:
        try:
            lines = (_PROC / str(pid) / "net" / protocol).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in lines):
            role = inodes.get(int(fields[_INODE_FIELD]))
            if role is not None:
                (_, local_port), (remote, remote_port) = map(_address, fields[1:3])
                yield Connection(role, protocol, local_port, remote, remote_port)


def _address(field: str) -> tuple[str, int]:
    """Read an address as the kernel prints it: words of 32 bits in the machine's order."""
    words, _, port = field.partition(":")
    numbers = [int(words[place : place + 8], 16) for place in range(0, len(words), 8)]
    packed = b"".join(struct.pack("=I", number) for number in numbers)
    return str(ipaddress.ip_address(packed)), int(port, 16)
