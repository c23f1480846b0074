"""Where a log keeps its hashes and entries: tiles of 256, named by path, so that static files serve it. Pure.

source: C2SP tlog-tiles, sections "Merkle tree" and "Log entries"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.merkle import HASH_BYTES

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
ENTRIES_LEVEL: Final = -1
ENTRY_BYTES_MAX: Final = 0xFFFF
_GROUP: Final = 1000
_LENGTH_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile.

    level: counted in tiles, each 8 levels of the tree; ENTRIES_LEVEL for entries
    width: how many hashes or entries it holds; less than 256 in a partial tile
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path below the log's address."""
        level = "entries" if self.level == ENTRIES_LEVEL else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{partial}"


def tile_of(level: int, index: int, size: int) -> tuple[Tile, int]:
    """Return the tile of a tree with `size` entries that leads to a hash, and where its run of hashes begins.

    level, index: of the hash, as in `merkle`; the run is `2**(level % 8)` long
    """
    tile_level, rest = divmod(level, TILE_HEIGHT)
    first = index << rest
    place = first % TILE_WIDTH
    tile_index = first // TILE_WIDTH
    return Tile(tile_level, tile_index, width_of(tile_level, tile_index, size)), place


def width_of(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile has in a tree with `size` entries; 0 where it has none yet."""
    hashes = size if level == ENTRIES_LEVEL else size >> (TILE_HEIGHT * level)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tiles_of(size: int, old_size: int = 0) -> Iterator[Tile]:
    """Yield the tiles of hashes and of entries that a tree of `size` has and one of `old_size` had not."""
    level = ENTRIES_LEVEL
    while True:
        count = size if level == ENTRIES_LEVEL else size >> (TILE_HEIGHT * level)
        if count == 0 and level != ENTRIES_LEVEL:
            return
        old = old_size if level == ENTRIES_LEVEL else old_size >> (TILE_HEIGHT * level)
        for index in range(old // TILE_WIDTH, -(-count // TILE_WIDTH)):
            tile = Tile(level, index, width_of(level, index, size))
            if tile.width != width_of(level, index, old_size):
                yield tile
        level += 1


def finished_tiles(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the tiles that were partial in a tree of `old_size` and are whole in one of `size`."""
    level = ENTRIES_LEVEL
    while (count := old_size >> max(0, TILE_HEIGHT * level)) or level == ENTRIES_LEVEL:
        tile = Tile(level, count // TILE_WIDTH)
        if count % TILE_WIDTH and width_of(level, tile.index, size) == TILE_WIDTH:
            yield tile
        level += 1


def pack_entries(entries: list[bytes]) -> bytes:
    """Return the bytes of a tile of entries, each after its length as a 16-bit number.

    raises: EcholessError(INVALID_PARAMETERS) for an entry over 65,535 bytes
    """
    if any(len(entry) > ENTRY_BYTES_MAX for entry in entries):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "An entry of a log has at most 65,535 bytes.")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def unpack_entries(data: bytes, width: int) -> list[bytes]:
    """Return the entries of a tile.

    raises: EcholessError(INVALID_PARAMETERS) where there are not exactly `width`
    """
    entries: list[bytes] = []
    place = 0
    while place < len(data):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(data[place:start], "big")
        entries.append(data[start:place])
    if place != len(data) or len(entries) != width:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, "A tile of entries is cut short or has something after it."
        )
    return entries


def unpack_hashes(data: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile.

    raises: EcholessError(INVALID_PARAMETERS) where there are not exactly `width`
    """
    if len(data) != width * HASH_BYTES:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "A tile of hashes has the wrong length.")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def _index_path(index: int) -> str:
    groups = [f"{index % _GROUP:03d}"]
    while index >= _GROUP:
        index //= _GROUP
        groups.append(f"x{index % _GROUP:03d}")
    return "/".join(reversed(groups))
