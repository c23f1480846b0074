"""Tiles have the paths and the bytes of C2SP tlog-tiles (C9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.receipts.merkle import leaf_hash, new_hashes, node_hash
from echoless.receipts.tiles import (
    ENTRIES_LEVEL,
    TILE_WIDTH,
    Tile,
    finished_tiles,
    pack_entries,
    tile_of,
    tiles_of,
    unpack_entries,
    unpack_hashes,
    width_of,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        # The example of the specification, then the edges.
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999, 3), "tile/1/999.p/3"),
        (Tile(ENTRIES_LEVEL, 1000), "tile/entries/x001/000"),
        (Tile(ENTRIES_LEVEL, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    """Its example: 273 whole tiles and one of 112, then one whole and one of 17, then one of 1."""
    tiles = list(tiles_of(70_000))
    assert sum(tile.level == 0 and tile.width == TILE_WIDTH for tile in tiles) == 273
    assert {tile.path for tile in tiles if tile.width != TILE_WIDTH} == {
        "tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1",
    }  # fmt: skip
    assert sum(tile.level == 1 and tile.width == TILE_WIDTH for tile in tiles) == 1


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_growing_by_steps_names_every_tile_that_the_tree_has_at_last(first: int, more: int) -> None:
    stepwise = {*tiles_of(first), *tiles_of(first + more, first)}
    assert set(tiles_of(first + more)) <= stepwise


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_finished_tiles_were_partial_and_are_whole(old_size: int, more: int) -> None:
    finished = {tile.path for tile in finished_tiles(old_size, old_size + more)}
    partial = {Tile(t.level, t.index).path for t in tiles_of(old_size) if t.width != TILE_WIDTH}
    whole = {t.path for t in tiles_of(old_size + more) if t.width == TILE_WIDTH}
    assert finished == partial & whole


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600, 70_000])
def test_every_hash_of_a_tree_is_found_in_a_tile_of_it(size: int) -> None:
    stored = {(lv, i): h for lv, i, h in new_hashes(0, [leaf_hash(b"")] * min(size, 600), lambda *_: b"")}
    for (level, index), digest in stored.items():
        tile, place = tile_of(level, index, min(size, 600))
        run = 1 << level % 8
        assert place + run <= tile.width == width_of(tile.level, tile.index, min(size, 600))
        hashes = [stored[tile.level * 8, tile.index * TILE_WIDTH + place + step] for step in range(run)]
        while len(hashes) > 1:
            hashes = [node_hash(*hashes[pair : pair + 2]) for pair in range(0, len(hashes), 2)]
        assert hashes == [digest]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_come_back_as_they_were_packed(entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(entries), len(entries)) == entries


def test_a_tile_that_is_cut_short_or_too_long_is_refused() -> None:
    packed = pack_entries([b"one", b"two"])
    for data, width in ((packed[:-1], 2), (packed + b"\0", 2), (packed, 1), (packed, 3)):
        with pytest.raises(EcholessError):
            unpack_entries(data, width)
    with pytest.raises(EcholessError):
        pack_entries([bytes(65_536)])
    with pytest.raises(EcholessError):
        unpack_hashes(bytes(63), 2)
    assert unpack_hashes(b"a" * 32 + b"b" * 32, 2) == [b"a" * 32, b"b" * 32]
