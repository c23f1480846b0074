"""Sealed audio and transcripts as objects: a folder for each item, one object for each segment, each put whole or
not at all.

Objects without a committed item are leftovers of a crash and are swept at the next start.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

from obstore.exceptions import BaseError as ObjectStoreError
from obstore.store import LocalStore

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import DataDirectory, sync_folder
from echoless.vault.stores.keyring import ItemSealer

SEGMENT_BYTES: Final = 512 * 1024


class Part(StrEnum):
    """What a segment is part of; sealed with it, so that none can pass for another."""

    AUDIO = "audio"
    """What was made."""
    INPUT = "input"
    """The recording that it was made from."""
    TRANSCRIPT = "transcript"
    """What was heard in the recording."""


_PREFIXES: Final = {Part.AUDIO: "", Part.INPUT: "input-", Part.TRANSCRIPT: "transcript-"}


class Segments:
    """The object store of sealed segments. Called from the stores' own threads only."""

    def __init__(self, directory: DataDirectory, durability: str) -> None:
        self._root = directory.objects
        self._store = LocalStore(prefix=self._root, mkdir=True)
        self._is_synced = durability == "power"

    def put(self, sealer: ItemSealer, item_id: str, part: Part, index: int, data: bytes) -> None:
        """Seal and store one segment.

        raises: EcholessError(INTERNAL_ERROR) when the store does not take it
        """
        path = _object_path(item_id, part, index)
        try:
            self._store.put(path, sealer.seal(data, part.value, index))
            if self._is_synced:
                self._sync(path)
        except (ObjectStoreError, OSError):
            pass
        else:
            return
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the object store did not take a segment")

    def get(self, sealer: ItemSealer, item_id: str, part: Part, index: int) -> bytes:
        """Read and open one segment.

        raises: EcholessError(INTERNAL_ERROR) when it is gone or damaged
        """
        try:
            sealed = bytes(self._store.get(_object_path(item_id, part, index)).bytes())
        except (ObjectStoreError, OSError):
            pass
        else:
            return sealer.open(sealed, part.value, index)
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a segment of an item could not be read")

    def delete_item(self, item_id: str) -> None:
        """Remove whatever is stored below one item, leftovers of half-done puts too."""
        folder = self._root / item_id[:2] / item_id
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    def item_ids(self) -> Iterator[str]:
        """Yield the ids of all items that have a folder."""
        for shelf in self._root.iterdir():
            if shelf.is_dir():
                yield from (folder.name for folder in shelf.iterdir() if folder.is_dir())

    def _sync(self, path: str) -> None:
        file = self._root / path
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        for folder in _folders_up_to(file.parent, self._root):
            sync_folder(folder)


def _object_path(item_id: str, part: Part, index: int) -> str:
    return f"{item_id[:2]}/{item_id}/{_PREFIXES[part]}{index:06d}"


def _folders_up_to(folder: Path, root: Path) -> Iterator[Path]:
    while True:
        yield folder
        if folder == root:
            return
        folder = folder.parent
