"""Watches the processes of a server: which there are, what they start, and how they are named.

With the right to it the kernel tells of every fork, exec and change of a name as it happens; without, processes are
looked for at intervals, and one that lives shorter is missed.
source: linux/cn_proc.h, linux/connector.h, netlink(7)
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError
from echoless.core.processes import family_of, parent_of, role_of

_PROC: Final = Path("/proc")
_CONNECTOR, _CN_IDX_PROC, _CN_VAL_PROC, _LISTEN = 11, 1, 1, 1
_NLMSG_DONE: Final = 3
_HEADER_BYTES: Final = 16 + 20
_WHAT: Final = struct.Struct("=I")
_NUMBERS: Final = struct.Struct("=IIII")
# What happened, on which processor, when.
_NUMBERS_AT: Final = _HEADER_BYTES + 16
_EVENT_BYTES_MIN: Final = _NUMBERS_AT + 16
_ANSWER, _FORK, _EXEC, _COMM, _EXIT = 0x0, 0x1, 0x2, 0x200, 0x8000_0000
# Its number may be another's later.
_ENDED_COUNTS_S: Final = 2.0
_ANSWER_TIMEOUT_S: Final = 2.0
_MESSAGES_BEFORE_ANSWER: Final = 10_000
_MESSAGE_BYTES_MAX: Final = 4_096
_BUFFER_BYTES: Final = 8 * 1024 * 1024
# All processes of the machine are gone through: seldom where the kernel tells of new ones.
_REFRESH_S, _REFRESH_UNTOLD_S = 1.0, 0.1
_STRANGER: Final = "process"


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """A process that one of the server's own started, and that is none of them.

    parent: the role of who started it
    shown:  its arguments and environment, as others could read them; nothing where it was gone too soon
    """

    pid: int
    parent: str
    shown: bytes


class FamilyWatch:
    """Who belongs to a server, now and since the watch began.

    is_told: whether the kernel tells of every process, however short it lives
    started: by number, what is none of the server's own processes
    names:   names that threads gave themselves, with where
    """

    def __init__(self, supervisor_pid: int) -> None:
        self._supervisor = supervisor_pid
        self._refreshed_s = 0.0
        self._owners: dict[int, str] = {}
        self._ended: dict[int, tuple[str, float]] = {}
        self.roles: dict[int, str] = {}
        self.started: dict[int, Started] = {}
        self.names: list[tuple[str, bytes]] = []
        self.lost_count = 0
        self._socket = _listening()
        self.is_told = self._socket is not None
        self._refresh()

    def role(self, pid: int) -> str | None:
        """Return the role of a process of the server, or of who started it; None for others.

        One that ended a moment ago counts: what it did last is told after it has gone.
        """
        if pid not in self.roles:
            # What is told and not yet taken comes first: a file can be closed by a child of a moment ago.
            self.take()
            self.look()
        if pid in self.roles:
            return self._owner(pid)
        role, ended_s = self._ended.get(pid, (None, 0.0))
        return role if time.monotonic() - ended_s < _ENDED_COUNTS_S else None

    def descriptor(self) -> int | None:
        """Return the socket on which the kernel tells."""
        return self._socket.fileno() if self._socket is not None else None

    def take(self) -> None:
        """Take all that the kernel has told."""
        while self._socket is not None:
            try:
                message = self._socket.recv(_MESSAGE_BYTES_MAX)
            except BlockingIOError:
                return
            except OSError:
                # ENOBUFS: more than the buffer holds. What was missed is looked for.
                self.lost_count += 1
                self._refresh()
                return
            self._told(message)

    def look(self) -> None:
        """Look for processes that nobody told of."""
        if time.monotonic() - self._refreshed_s >= (_REFRESH_S if self.is_told else _REFRESH_UNTOLD_S):
            self._refresh()

    def close(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            self._socket.close()

    def _told(self, message: bytes) -> None:
        if len(message) < _EVENT_BYTES_MIN:
            return
        (what,) = _WHAT.unpack_from(message, _HEADER_BYTES)
        # Of a fork: parent and its group, child and its group; else a thread and its group.
        thread, group, child, child_group = _NUMBERS.unpack_from(message, _NUMBERS_AT)
        if group not in self.roles:
            return
        if what == _FORK and child == child_group:
            self._adopt(child, group)
        elif what == _EXEC:
            self._runs(group)
        elif what == _EXIT and thread == group:
            self._ends(group)
        elif what == _COMM:
            name = message[_NUMBERS_AT + 8 : _NUMBERS_AT + 24].rstrip(b"\0")
            self.names.append((f"{self.roles[group]} {group}: name of thread {thread}", name))

    def _owner(self, pid: int) -> str:
        """Return the role of a process, or of that of the server's own which is above it."""
        role = self.roles.get(pid, _STRANGER)
        return self._owners.get(pid, role) if role == _STRANGER else role

    def _adopt(self, pid: int, parent: int) -> None:
        """Take in a child, which is a stranger until it runs a program of ours."""
        self._owners[pid] = self._owner(parent)
        self.roles[pid] = _STRANGER
        self.started[pid] = Started(pid, self._owners[pid], b"")

    def _ends(self, pid: int) -> None:
        """Let a process go: its number may be another's soon."""
        self._ended[pid] = self._owner(pid), time.monotonic()
        self.roles.pop(pid, None)
        self._owners.pop(pid, None)

    def _runs(self, pid: int) -> None:
        """Take in the program that a process runs now."""
        role = role_of(pid)
        if pid == self._supervisor or role != _STRANGER:
            self.started.pop(pid, None)
            self.roles[pid] = role if pid != self._supervisor else self.roles[pid]
        elif pid in self.started:
            known = self.started[pid]
            self.started[pid] = Started(pid, known.parent, known.shown + _shown(pid))

    def _refresh(self) -> None:
        self._refreshed_s = time.monotonic()
        with contextlib.suppress(EcholessError):
            family = family_of(self._supervisor)
            for pid in self.roles.keys() - {process.pid for process in family}:
                self._ends(pid)
            for process in family:
                if self.roles.get(process.pid) == process.role:
                    continue
                if process.role != _STRANGER:
                    self.roles[process.pid] = process.role
                    self.started.pop(process.pid, None)
                elif process.pid not in self.roles:
                    self._adopt(process.pid, parent_of(process.pid))
                    self._runs(process.pid)


def _shown(pid: int) -> bytes:
    """Return what others see of a process."""
    shown = b""
    for name in ("cmdline", "environ", "comm"):
        with contextlib.suppress(OSError):
            shown += (_PROC / str(pid) / name).read_bytes() + b"\0"
    return shown


def _listening() -> socket.socket | None:
    """Return a socket on which the kernel tells of processes; None where it does not tell this user."""
    opened = None
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _CONNECTOR)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        opened.bind((0, _CN_IDX_PROC))
        operation = struct.pack("=I", _LISTEN)
        message = struct.pack("=IIIIHH", _CN_IDX_PROC, _CN_VAL_PROC, 0, 0, len(operation), 0) + operation
        opened.send(struct.pack("=IHHII", 16 + len(message), _NLMSG_DONE, 0, 0, 0) + message)
        is_granted = _is_granted(opened)
        opened.setblocking(False)
    except OSError:
        is_granted = False
    if opened is not None and not is_granted:
        opened.close()
        return None
    return opened


def _is_granted(opened: socket.socket) -> bool:
    """Wait for the kernel's answer, among what it tells already.

    raises: OSError where it gives none
    """
    opened.settimeout(_ANSWER_TIMEOUT_S)
    for _ in range(_MESSAGES_BEFORE_ANSWER):
        message = opened.recv(_MESSAGE_BYTES_MAX)
        if len(message) >= _EVENT_BYTES_MIN and _WHAT.unpack_from(message, _HEADER_BYTES) == (_ANSWER,):
            (refusal,) = _WHAT.unpack_from(message, _NUMBERS_AT)
            return bool(refusal == 0)
    return False
