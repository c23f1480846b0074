"""Appending to a log and reading its hashes, over files that others may serve as they are. Pure: files come and go
through a function.

A tile is written once it changes: whole, or partial under the name of its width, so that nothing published is ever
changed in place.
source: C2SP tlog-tiles
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.merkle import HashAt, leaf_hash, new_hashes, node_hash, root_of
from echoless.receipts.tiles import (
    ENTRIES_LEVEL,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    pack_entries,
    tile_of,
    tiles_of,
    unpack_entries,
    unpack_hashes,
    width_of,
)

Fetch = Callable[[str], bytes | None]
"""Returns a file of the log by its path, or None where it is not there."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What an append leads to.

    files: by path; to be written before a checkpoint of the new size is
    """

    size: int
    root: bytes
    files: dict[str, bytes] = field(repr=False)


class HashReader:
    """Reads hashes of complete subtrees of a tree with `size` entries out of its tiles."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self._size = size
        self._fetch = fetch
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def hash_at(self, level: int, index: int) -> bytes:
        """Return one hash.

        raises: EcholessError(NOT_FOUND) for a missing tile, EcholessError(INVALID_PARAMETERS) for a broken one
        """
        tile, place = tile_of(level, index, self._size)
        hashes = self.tile(tile.level, tile.index)[place : place + (1 << level % TILE_HEIGHT)]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[pair], hashes[pair + 1]) for pair in range(0, len(hashes), 2)]
        return hashes[0]

    def tile(self, level: int, index: int) -> list[bytes]:
        """Return all hashes of a tile, as many as the tree has."""
        found = self._tiles.get((level, index))
        if found is None:
            found = self._tiles[level, index] = read_hashes(level, index, self._size, self._fetch)
        return found


def read_hashes(level: int, index: int, size: int, fetch: Fetch) -> list[bytes]:
    """Return the hashes of a tile of a tree with `size` entries; raises as `HashReader.hash_at`."""
    width = width_of(level, index, size)
    partial = fetch(Tile(level, index, width).path)
    if partial is not None:
        return unpack_hashes(partial, width)
    return unpack_hashes(_whole(level, index, fetch), TILE_WIDTH)[:width]


def read_entries(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """Return the entries of a tile; otherwise as `read_hashes`."""
    width = width_of(ENTRIES_LEVEL, index, size)
    partial = fetch(Tile(ENTRIES_LEVEL, index, width).path)
    if partial is not None:
        return unpack_entries(partial, width)
    return unpack_entries(_whole(ENTRIES_LEVEL, index, fetch), TILE_WIDTH)[:width]


def append_entries(size: int, entries: Sequence[bytes], fetch: Fetch) -> Growth:
    """Return the tree after `entries` came behind the first `size`, and the files that this changes.

    Reads no more than the tiles at the right edge.
    raises: EcholessError(NOT_FOUND) or EcholessError(INVALID_PARAMETERS) where the log's own files are not in order
    """
    reader = HashReader(size, fetch)
    fresh: dict[tuple[int, int], bytes] = {}
    for level, index, digest in new_hashes(size, [leaf_hash(entry) for entry in entries], reader.hash_at):
        fresh[level, index] = digest
    new_size = size + len(entries)

    def hash_at(level: int, index: int) -> bytes:
        return fresh.get((level, index)) or reader.hash_at(level, index)

    files = {
        tile.path: _entries_file(tile, size, entries, fetch)
        if tile.level == ENTRIES_LEVEL
        else _hashes_file(tile, hash_at)
        for tile in tiles_of(new_size, size)
    }
    return Growth(new_size, root_of(new_size, hash_at), files)


def _hashes_file(tile: Tile, hash_at: HashAt) -> bytes:
    first = tile.index * TILE_WIDTH
    level = tile.level * TILE_HEIGHT
    return b"".join(hash_at(level, first + place) for place in range(tile.width))


def _entries_file(tile: Tile, size: int, entries: Sequence[bytes], fetch: Fetch) -> bytes:
    first = tile.index * TILE_WIDTH
    older = read_entries(tile.index, size, fetch) if first < size else []
    start = max(0, first - size)
    return pack_entries([*older, *entries[start : first + tile.width - size]])


def _whole(level: int, index: int, fetch: Fetch) -> bytes:
    path = Tile(level, index).path
    data = fetch(path)
    if data is None:
        raise EcholessError(ErrorCode.NOT_FOUND, f"The log has no file {path}.")
    return data
