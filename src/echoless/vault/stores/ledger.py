"""The erasure ledger: ids of deleted items, outside the databases, so that no restored copy brings them back.

Append-only, one id a line, made durable before anything is deleted. It holds no content and nothing but ids.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from echoless.vault.stores.directory import DataDirectory

_BATCH = 500


class Ledger:
    """Appends and reads ids."""

    def __init__(self, directory: DataDirectory) -> None:
        self._path = directory.ledger

    def append(self, item_ids: Iterable[str]) -> None:
        """Write ids down, durably."""
        # A line of its own even after one that a crash cut short.
        data = "".join(f"\n{item_id}\n" for item_id in item_ids).encode("ascii")
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def batches(self) -> Iterator[list[str]]:
        """Yield all ids in lists of bounded length; a line that a crash cut short is no id."""
        if not self._path.exists():
            return
        with self._path.open("r", encoding="ascii") as file:
            lines = (line[:-1] for line in file if line.endswith("\n") and line != "\n")
            while batch := list(islice(lines, _BATCH)):
                yield batch
