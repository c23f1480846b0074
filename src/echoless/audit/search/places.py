"""What every search of a place outside memory notes: where copies were, never the copies themselves.

The name of a place is made of numbers and of words of ours: a name that somebody else chose may be the copy.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import Needle

BLOCK_BYTES: Final = 4 * 1024 * 1024
Sought = Sequence[Needle] | Finder
"""What is searched for: needles, or a finder that was made of them once for several searches."""


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """One copy.

    where: for example `engine 4711: environment`
    """

    where: str
    kind: str
    owner: str


@dataclass(frozen=True, slots=True)
class PlaceScan:
    """The result for one kind of place.

    kind:       `attributes`, `processes`, `kernel objects`, `database`, `free blocks` ...
    item_count: names, variables, segments, rows or packets
    unsearched: what was not searched, each with the reason
    """

    place: str
    kind: str
    item_count: int
    byte_count: int
    hits: tuple[PlaceHit, ...]
    unsearched: tuple[str, ...]
    duration_s: float

    def owners(self) -> set[str]:
        """Return whose copies were found."""
        return {hit.owner for hit in self.hits}


@dataclass(slots=True)
class Sieve:
    """Everything that is looked at for one place goes through it."""

    finder: Finder
    hits: list[PlaceHit] = field(default_factory=list)
    unsearched: list[str] = field(default_factory=list)
    item_count: int = 0
    byte_count: int = 0
    began_s: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, needles: Sought) -> Sieve:
        """Return a sieve for what is searched for."""
        return cls(needles if isinstance(needles, Finder) else Finder(needles))

    def look(self, where: str, data: bytes) -> None:
        """Search one item."""
        self.item_count += 1
        self._search(where, data, len(data))

    def look_into(self, where: str, descriptor: int, first: int = 0, end: int | None = None) -> None:
        """Search an open file block by block; holes are passed over.

        end:    where to stop; None for the end of the file
        raises: OSError when it cannot be read
        """
        self.item_count += 1
        overlap = self.finder.longest_bytes - 1
        place: int | None = _next_data(descriptor, first)
        while place is not None and (end is None or place < end):
            block_bytes = BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - place)
            block = os.pread(descriptor, block_bytes + overlap, place)
            if not block:
                break
            self._search(where, block, block_bytes)
            place = _next_data(descriptor, place + block_bytes)

    def pass_over(self, what: str, reason: str) -> None:
        """Note something that was not searched."""
        self.unsearched.append(f"{what}: {reason}")

    def result(self, place: str, kind: str) -> PlaceScan:
        """Return what was looked at so far under a name."""
        duration_s = time.monotonic() - self.began_s
        return PlaceScan(
            place, kind, self.item_count, self.byte_count, tuple(self.hits), tuple(self.unsearched), duration_s
        )

    def _search(self, where: str, data: bytes, end: int) -> None:
        self.byte_count += min(len(data), end)
        for _, needle in self.finder.find(mask(data), end):
            self.hits.append(PlaceHit(where, needle.kind, needle.owner))


def reason_of(error: OSError) -> str:
    """Say why the kernel refused something, without the path that an OSError carries."""
    return os.strerror(error.errno) if error.errno else "unreadable"


def _next_data(descriptor: int, place: int) -> int | None:
    """Return where data begins at or behind a place; None behind the last."""
    try:
        return os.lseek(descriptor, place, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        # What knows no holes is read from end to end.
        return place
