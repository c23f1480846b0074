"""Where sealed objects lie: files below the data directory, or a bucket. What is put here is sealed already.

A path is `shelf/item/part`. An object is there whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from obstore.exceptions import BaseError as ObjectStoreError
from obstore.store import LocalStore

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import sync_folder


class Objects(Protocol):
    """Sealed objects. Called from the stores' own threads only.

    raises: EcholessError(STORE_UNAVAILABLE) where the store does not do what it is asked
    """

    def put(self, path: str, data: bytes) -> None:
        """Store one object."""

    def get(self, path: str) -> bytes:
        """Return one object."""

    def delete_item(self, item_id: str) -> None:
        """Remove whatever is stored below one item, older versions and leftovers of half-done puts too."""

    def item_ids(self) -> Iterator[str]:
        """Yield the id of each item that has objects, once."""

    def paths(self) -> Iterator[tuple[str, int]]:
        """Yield path and size of each object, those of an item one after the other."""


def folder_of(item_id: str) -> str:
    """Return the path of an item."""
    return f"{item_id[:2]}/{item_id}"


def unavailable(description: str) -> EcholessError:
    """Return the error of a store that fails."""
    return EcholessError(ErrorCode.STORE_UNAVAILABLE, description)


class FileObjects:
    """Objects as files: a folder for each item."""

    def __init__(self, root: Path, durability: str) -> None:
        self._root = root
        self._store = LocalStore(prefix=root, mkdir=True)
        self._is_synced = durability == "power"

    def put(self, path: str, data: bytes) -> None:
        """Store one object."""
        try:
            self._store.put(path, data)
            if self._is_synced:
                self._sync(path)
        except (ObjectStoreError, OSError):
            pass
        else:
            return
        raise unavailable("the object store did not take a segment")

    def get(self, path: str) -> bytes:
        """Return one object."""
        code = ErrorCode.STORE_UNAVAILABLE
        try:
            return bytes(self._store.get(path).bytes())
        except FileNotFoundError:
            code = ErrorCode.INTERNAL_ERROR
        except (ObjectStoreError, OSError):
            pass
        raise EcholessError(code, "a segment of an item could not be read")

    def delete_item(self, item_id: str) -> None:
        """Remove whatever is stored below one item."""
        folder = self._root / folder_of(item_id)
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

    def paths(self) -> Iterator[tuple[str, int]]:
        """Yield path and size of each object, in order; what is deleted meanwhile is passed over."""
        for shelf in sorted(self._root.iterdir()):
            for folder in _files_in(shelf):
                for path in _files_in(folder):
                    yield from ((f"{shelf.name}/{folder.name}/{path.name}", size) for size in _size_of(path))

    def _sync(self, path: str) -> None:
        file = self._root / path
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        for folder in _folders_up_to(file.parent, self._root):
            sync_folder(folder)


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _size_of(path: Path) -> list[int]:
    try:
        return [path.stat().st_size]
    except FileNotFoundError:
        return []


def _folders_up_to(folder: Path, root: Path) -> Iterator[Path]:
    while True:
        yield folder
        if folder == root:
            return
        folder = folder.parent
