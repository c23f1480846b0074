"""Searches the logs that others on this machine keep: the system's journal, files of a log daemon, the kernel's own
messages. What a server prints can end up there, and so can what the kernel says of a process that failed.

source: journalctl(1), hier(7) (/var/log), kmsg of the kernel's ABI documentation
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from echoless.audit.search.entries import entries
from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of

LOG_PLACES: Final = (Path("/var/log"), Path("/run/log"), Path("/var/crash"), Path("/var/lib/systemd/coredump"))
_KERNEL_LOG: Final = Path("/dev/kmsg")
_KERNEL_RECORD_BYTES_MAX: Final = 8_192
_FILE_BYTES_MAX: Final = 256 * 1024 * 1024
_JOURNAL_TIMEOUT_S: Final = 30.0


def scan_system_logs(
    needles: Sought, changed_since_unix_s: float, places: Sequence[Path] = LOG_PLACES
) -> PlaceScan:
    """Search what was written to the system's logs since a time."""
    sieve = Sieve.of(needles)
    for place in places:
        for path, facts in entries(place):
            if facts.st_mtime >= changed_since_unix_s:
                _look_at(sieve, place, Path(path), facts.st_size)
    _journal(sieve, changed_since_unix_s)
    _kernel_log(sieve)
    return sieve.result("logs of the system", "logs")


def _look_at(sieve: Sieve, place: Path, path: Path, size_bytes: int) -> None:
    if not path.is_file():
        return
    where = f"a log in {place}"
    if size_bytes > _FILE_BYTES_MAX:
        sieve.pass_over(where, "too large")
        return
    try:
        with path.open("rb") as file:
            sieve.look_into(where, file.fileno())
    except OSError as error:
        sieve.pass_over(where, reason_of(error))


def _journal(sieve: Sieve, since_unix_s: float) -> None:
    """Search the journal by its own program: its files can be compressed."""
    program = shutil.which("journalctl")
    if program is None:
        return
    command = [program, "--quiet", "--no-pager", "--output=export", f"--since=@{int(since_unix_s)}"]
    try:
        done = subprocess.run(  # noqa: S603  # the system's own program, with a number of ours
            command, check=True, capture_output=True, timeout=_JOURNAL_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        sieve.pass_over("the system's journal", type(error).__name__)
        return
    sieve.look("the system's journal", done.stdout)


def _kernel_log(sieve: Sieve) -> None:
    """Search what the kernel has said, record by record."""
    try:
        descriptor = os.open(_KERNEL_LOG, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        sieve.pass_over("the kernel's log", reason_of(error))
        return
    said = bytearray()
    try:
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    said += os.read(descriptor, _KERNEL_RECORD_BYTES_MAX) + b"\n"
                except BrokenPipeError:
                    # A record went while we read; the next is there.
                    continue
    except OSError as error:
        sieve.pass_over("the kernel's log", reason_of(error))
    finally:
        os.close(descriptor)
    sieve.look("the kernel's log", bytes(said))
