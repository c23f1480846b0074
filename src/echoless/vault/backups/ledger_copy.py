"""A copy of the erasure ledger in the folder of keys: what was deleted after a backup stays deleted when the whole
data directory is lost. Ids only, as in the ledger itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.stores.directory import DataDirectory

_PIECE_BYTES: Final = 1024 * 1024


class LedgerCopy:
    """Follows the ledger."""

    def __init__(self, directory: DataDirectory, places: BackupPlaces) -> None:
        self._ledger = directory.ledger
        self._copy = places.ledger
        self._copied_bytes: int | None = None

    def catch_up(self) -> int:
        """Copy what the ledger has gained; return how many bytes.

        raises: OSError where the folder refuses
        """
        size = _size_of(self._ledger)
        if self._copied_bytes == size and self._copy.exists():
            return 0
        if self._copied_bytes is None or not self._copy.exists():
            # Another copy than of this ledger's beginning is kept in front: an id too many does no harm.
            self._copied_bytes = _common_bytes(self._ledger, self._copy)
        copied = _append(self._ledger, self._copy, self._copied_bytes)
        self._copied_bytes += copied
        return copied


def merge_ledgers(sources: list[Path], target: Path) -> None:
    """Write every line of several ledgers into a new one, durably. One that continues another is copied once."""
    longest_first = sorted((path for path in sources if path.exists()), key=_size_of, reverse=True)
    taken: list[Path] = []
    for path in longest_first:
        if not any(_common_bytes(other, path) == _size_of(path) for other in taken):
            _append(path, target, 0)
            taken.append(path)


def _append(source: Path, target: Path, start: int) -> int:
    copied = 0
    if not source.exists():
        return 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        with source.open("rb") as file:
            file.seek(start)
            while piece := file.read(_PIECE_BYTES):
                left = memoryview(piece)
                while left:
                    left = left[os.write(descriptor, left) :]
                copied += len(piece)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return copied


def _common_bytes(ledger: Path, copy: Path) -> int:
    """Return how long the copy is if the ledger begins with it, else 0."""
    size = _size_of(copy)
    if not size or size > _size_of(ledger):
        return 0
    with ledger.open("rb") as ours, copy.open("rb") as theirs:
        while piece := theirs.read(_PIECE_BYTES):
            if ours.read(len(piece)) != piece:
                return 0
    return size


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
