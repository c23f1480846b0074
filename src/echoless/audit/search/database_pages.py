"""Tells what each page of an SQLite file and each frame of its write-ahead log belongs to: a table, nothing any
more, or a time before. Reads the bytes, not through the library, which would show only what is valid.

source: sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_PAGE_SIZE_AT, _FIRST_TRUNK_AT = 16, 32
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES, _SALTS_AT, _FRAME_SALTS_AT = 32, 24, 16, 8
_INTERIOR: Final = frozenset({2, 5})
FREE: Final = "a free page"
UNREACHED: Final = "a page of no tree, for long values"


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    what: a free page, a page of a table, or one that no tree reaches
    """

    what: str
    data: bytes


def page_bytes(head: bytes) -> int:
    """Return the size of a page from the head of a file; 0 where it is no database."""
    if len(head) < _HEADER_BYTES or not head.startswith(_MAGIC):
        return 0
    (size,) = struct.unpack_from(">H", head, _PAGE_SIZE_AT)
    return 65_536 if size == 1 else int(size)


def pages_of(data: bytes, roots: Mapping[int, str]) -> Iterator[Page]:
    """Yield every page of a database file.

    data:  the whole file
    roots: the name of the table or index whose tree begins at a page
    """
    size = page_bytes(data)
    if size == 0:
        return
    owners = _owners(data, size, {1: "the schema", **roots})
    owners |= dict.fromkeys(_free(data, size), FREE)
    for number in range(1, len(data) // size + 1):
        yield Page(owners.get(number, UNREACHED), data[(number - 1) * size : number * size])


def frames_of(log: bytes, size: int) -> Iterator[Page]:
    """Yield every frame of a write-ahead log, also those that a reset of it left behind.

    size: bytes of a page
    """
    salts = log[_SALTS_AT : _SALTS_AT + 8]
    for place in range(_WAL_HEADER_BYTES, len(log), _FRAME_HEADER_BYTES + size):
        head = log[place : place + _FRAME_HEADER_BYTES]
        is_current = head[_FRAME_SALTS_AT : _FRAME_SALTS_AT + 8] == salts
        what = "a frame of the write-ahead log" if is_current else "a frame left in the write-ahead log"
        yield Page(what, log[place + _FRAME_HEADER_BYTES : place + _FRAME_HEADER_BYTES + size])


def _free(data: bytes, size: int) -> set[int]:
    """Return the pages that hold nothing any more: trunks of the list and what they name."""
    found: set[int] = set()
    (trunk,) = struct.unpack_from(">I", data, _FIRST_TRUNK_AT)
    while 0 < trunk <= len(data) // size and trunk not in found:
        found.add(trunk)
        following, count = struct.unpack_from(">II", data, (trunk - 1) * size)
        count = min(count, size // 4 - 2)
        found.update(struct.unpack_from(f">{count}I", data, (trunk - 1) * size + 8))
        trunk = following
    return found


def _owners(data: bytes, size: int, roots: Mapping[int, str]) -> dict[int, str]:
    """Return which tree each page belongs to; a page that is being written may be read as something else."""
    owners: dict[int, str] = {}
    waiting = list(roots.items())
    while waiting:
        number, name = waiting.pop()
        if number in owners or not 0 < number <= len(data) // size:
            continue
        owners[number] = name
        waiting += ((child, name) for child in _children(data, size, number))
    return owners


def _children(data: bytes, size: int, number: int) -> Iterator[int]:
    start = (number - 1) * size
    head = start + (_HEADER_BYTES if number == 1 else 0)
    if data[head] not in _INTERIOR:
        return
    count, rightmost = struct.unpack_from(">H", data, head + 3)[0], struct.unpack_from(">I", data, head + 8)[0]
    yield rightmost
    for cell in range(min(count, (size - 12) // 2)):
        (place,) = struct.unpack_from(">H", data, head + 12 + 2 * cell)
        if place <= size - 4:
            yield struct.unpack_from(">I", data, start + place)[0]
