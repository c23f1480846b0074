"""A child process and the descriptors that tie it to the supervisor.

A child gets an allow-listed environment, a control socket, a journal pipe for its words, and pipes for stdout and
stderr whose bytes are counted and dropped. Until it is ready (it has seen no request by then) the last of them are
held, so that a failing start can be explained.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from echoless.crossing.control import ControlEnd
from echoless.supervisor.plan import Role, Slot

_MODULES: Final = {
    Role.VAULT: ("echoless.vault.service",),
    Role.MEDIA: ("echoless.volatile.service", "media"),
    Role.LIVE: ("echoless.volatile.service", "live"),
    Role.EGRESS: ("echoless.volatile.service", "egress"),
    Role.COURIER: ("echoless.volatile.service", "egress"),
    Role.ENGINE: ("echoless.volatile.service", "engine"),
    Role.GATEWAY: ("echoless.volatile.service", "gateway"),
}
_INHERITED_VARIABLES: Final = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_START_OUTPUT_BYTES_MAX: Final = 16 * 1024
_JOURNAL_LINE_BYTES_MAX: Final = 4096


def child_environment(
    surroundings: Mapping[str, str], allocator: Mapping[str, str], *, has_allocator_profile: bool
) -> dict[str, str]:
    """Return the environment of a child: a few harmless variables and the allocator's profile.

    Nothing else passes, so no secret, no debug switch and no agent's hook reaches a child.
    """
    environment = {name: surroundings[name] for name in _INHERITED_VARIABLES if name in surroundings}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1"}
    if has_allocator_profile:
        environment |= allocator
    return environment


@dataclass(slots=True)
class Child:
    """One running child."""

    slot: Slot
    number: int
    process: subprocess.Popen[bytes]
    control: ControlEnd
    journal: int
    output: int
    started_s: float
    is_ready: bool = False
    output_bytes: int = 0
    start_output: bytearray = field(default_factory=bytearray)
    _journal_rest: bytes = b""

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def read_output(self) -> bool:
        """Take what the child wrote to stdout or stderr; count it, and hold it only before the child is ready.

        returns: False at end of file
        """
        data = os.read(self.output, 65536)
        self.output_bytes += len(data)
        if not self.is_ready:
            self.start_output += data
            del self.start_output[:-_START_OUTPUT_BYTES_MAX]
        return bool(data)

    def read_journal(self) -> list[bytes] | None:
        """Return the whole lines that came, or None at end of file."""
        data = os.read(self.journal, 65536)
        if not data:
            return None
        *lines, rest = (self._journal_rest + data).split(b"\n")
        self._journal_rest = rest if len(rest) <= _JOURNAL_LINE_BYTES_MAX else b""
        return lines

    def became_ready(self) -> None:
        """From now on nothing that it prints is held."""
        self.is_ready = True
        self.start_output.clear()

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close our ends."""
        self.control.close()
        os.close(self.journal)
        os.close(self.output)


def spawn(slot: Slot, number: int, environment: Mapping[str, str]) -> Child:
    """Start a child by exec; descriptors other than its own are closed in it."""
    ours, theirs = ControlEnd.pair()
    journal_read, journal_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    output_read, output_write = os.pipe2(os.O_CLOEXEC)
    # The reading ends never block the supervisor; the child's stdout may, until we read it.
    fcntl.fcntl(output_read, fcntl.F_SETFL, os.O_NONBLOCK)
    module, *arguments = _MODULES[slot.role]
    command = [sys.executable, "-P", "-m", module, *arguments, str(theirs.fileno()), str(journal_write)]
    process = subprocess.Popen(  # noqa: S603  # our own interpreter and module names
        command,
        stdin=subprocess.DEVNULL,
        stdout=output_write,
        stderr=output_write,
        env=dict(environment),
        pass_fds=(theirs.fileno(), journal_write),
        close_fds=True,
        cwd="/",
        start_new_session=True,
    )
    theirs.close()
    os.close(journal_write)
    os.close(output_write)
    ours.set_blocking(False)
    return Child(slot, number, process, ours, journal_read, output_read, time.monotonic())
