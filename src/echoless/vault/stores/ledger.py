"""The erasure ledger: ids of what was deleted, outside the databases, so that no restored copy brings it back.

Append-only, one item a line, made durable before anything is deleted. It holds no content: the id, the workspace
and the place in the order of history, so that a page may still begin after a deleted item. A deleted account is one
line, whatever it had.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from echoless.core.ids import is_opaque_id
from echoless.vault.stores.directory import DataDirectory

_BATCH = 500
_BLOCK_BYTES: Final = 1024 * 1024
# As many digits as a place in the order can have, and the end of the line.
_PLACE_BYTES_MAX: Final = 21
# No id is so short, nor has a sign that is neither letter nor digit.
_WORKSPACE: Final = "workspace:"
_WORKSPACE_WORDS: Final = 2


class Ledger:
    """Appends and reads ids."""

    def __init__(self, directory: DataDirectory) -> None:
        self._path = directory.ledger

    def append(self, item_ids: Iterable[str], places: Mapping[str, tuple[str, int]] | None = None) -> None:
        """Write ids down, durably.

        places: workspace and place of those that have a row
        """
        self._write("".join(f"\n{_line(item_id, (places or {}).get(item_id))}\n" for item_id in item_ids))

    def append_workspace(self, workspace_id: str) -> None:
        """Write a workspace down, durably: everything that it had is deleted."""
        self._write(f"\n{_WORKSPACE} {workspace_id}\n")

    def _write(self, lines: str) -> None:
        # Each line begins with an end of line: one of its own even after one that a crash cut short.
        data = memoryview(lines.encode("ascii"))
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def place_of(self, workspace_id: str, item_id: str) -> int | None:
        """Return the place that a deleted item of a workspace had, or None.

        Searched from the end, in blocks: who reads on after a deleted item has deleted it a moment ago.
        """
        wanted = f"\n{item_id} {workspace_id} ".encode("ascii", "replace")
        for block in self._blocks(overlap_bytes=len(wanted) + _PLACE_BYTES_MAX):
            found = block.rfind(wanted)
            line, end, _ = block[found + len(wanted) :].partition(b"\n")
            if found >= 0 and end and line.isdigit():
                return int(line)
        return None

    def _blocks(self, overlap_bytes: int) -> Iterator[bytes]:
        """Yield the file in blocks from its end, each with a little of the one behind it."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                start = max(0, end - _BLOCK_BYTES)
                file.seek(start)
                yield file.read(end - start + overlap_bytes)
                end = start

    def batches(self) -> Iterator[list[str]]:
        """Yield all ids of items in lists of bounded length; a line that a crash cut short is no id."""
        ids = (words[0] for words in self._lines() if words[0] != _WORKSPACE)
        while batch := list(islice(ids, _BATCH)):
            yield batch

    def workspaces(self) -> Iterator[list[str]]:
        """Yield the ids of all deleted workspaces in lists of bounded length."""
        named = (words[1] for words in self._lines() if words[0] == _WORKSPACE and len(words) == _WORKSPACE_WORDS)
        # What a crash cut short is no whole id, also once the next line has begun behind it.
        ids = (workspace_id for workspace_id in named if is_opaque_id(workspace_id))
        while batch := list(islice(ids, _BATCH)):
            yield batch

    def _lines(self) -> Iterator[list[str]]:
        if not self._path.exists():
            return
        with self._path.open("r", encoding="ascii") as file:
            for line in file:
                if line.endswith("\n") and line != "\n":
                    yield line.split()


def _line(item_id: str, place: tuple[str, int] | None) -> str:
    return item_id if place is None else f"{item_id} {place[0]} {place[1]}"
