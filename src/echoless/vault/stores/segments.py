"""Sealed audio and transcripts as objects: a folder for each item, one object for each segment, each put whole or
not at all.

Objects without a committed item are leftovers of a crash and are swept at the next start.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.objects import FileObjects, Objects, folder_of

SEGMENT_BYTES: Final = 512 * 1024
_LIST_BATCH: Final = 500


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
    """The sealed segments of items. Called from the stores' own threads only.

    objects: where they lie, for whoever takes them as they are: backups and moves
    """

    def __init__(self, directory: DataDirectory, durability: str, objects: Objects | None = None) -> None:
        self.objects = objects or FileObjects(directory.objects, durability)

    def put(self, sealer: ItemSealer, item_id: str, part: Part, index: int, data: bytes) -> None:
        """Seal and store one segment.

        raises: EcholessError(STORE_UNAVAILABLE) when the store does not take it
        """
        self.objects.put(_object_path(item_id, part, index), sealer.seal(data, part.value, index))

    def get(self, sealer: ItemSealer, item_id: str, part: Part, index: int) -> bytes:
        """Read and open one segment.

        raises: EcholessError(STORE_UNAVAILABLE) where it cannot be read, EcholessError(INTERNAL_ERROR) where it is
                damaged
        """
        return sealer.open(self.objects.get(_object_path(item_id, part, index)), part.value, index)

    def delete_item(self, item_id: str) -> None:
        """Remove whatever is stored below one item, leftovers of half-done puts too.

        raises: EcholessError(STORE_UNAVAILABLE) where the store does not
        """
        self.objects.delete_item(item_id)

    def item_ids(self) -> Iterator[str]:
        """Yield the ids of all items that have objects."""
        return self.objects.item_ids()


def _object_path(item_id: str, part: Part, index: int) -> str:
    return f"{folder_of(item_id)}/{_PREFIXES[part]}{index:06d}"
