"""A store that takes nothing more: a file system that is full to its last block, or a limit where none can be made.

A limit on the size of files refuses a write to one process, with another error and not for want of room; a full
file system refuses everybody, also the database's own journal and the log.
source: write(2) (ENOSPC), getrlimit(2) (RLIMIT_FSIZE)
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_FILLER: Final = "filler"
# Coarse first, then what is left of the last blocks.
_STEPS_BYTES: Final = (1024 * 1024, 4096, 1)
_LIMIT_BYTES: Final = 4096


@contextlib.contextmanager
def filled(place: Path) -> Iterator[int]:
    """Fill the file system of a directory for the length of a block.

    place:  on a file system of its own: whatever else is there is refused room too
    yields: how many bytes that took
    raises: OSError for anything but want of room
    """
    filler = place / _FILLER
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield sum(_fill(descriptor, size_bytes) for size_bytes in _STEPS_BYTES)
    finally:
        filler.unlink()
        os.close(descriptor)


@contextlib.contextmanager
def limited(pid: int) -> Iterator[None]:
    """Let no file of a process grow beyond a few bytes for the length of a block."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (_LIMIT_BYTES, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def _fill(descriptor: int, size_bytes: int) -> int:
    """Write pieces of a size until there is no room for another one; return how much was written."""
    data, count = bytes(size_bytes), 0
    while True:
        try:
            count += os.write(descriptor, data)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return count
