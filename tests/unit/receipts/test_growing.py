"""A log grows by files that are never changed in place, and its tree stays that of all its entries (C9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.growing import HashReader, append_entries, read_entries
from echoless.receipts.merkle import leaf_hash, new_hashes, root_of

pytestmark = pytest.mark.unit


def entries_of(start: int, count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, start + count)]


def nothing(_path: str) -> None:
    """A log without files."""


@pytest.fixture(scope="module")
def whole() -> dict[tuple[int, int], bytes]:
    """Every hash of a tree that got all its entries at once, those of its smaller trees among them."""
    leaves = [leaf_hash(entry) for entry in entries_of(0, 5 * 700)]
    return {(level, index): digest for level, index, digest in new_hashes(0, leaves, lambda *_: b"")}


@given(steps=st.lists(st.integers(1, 700), min_size=1, max_size=5))
def test_however_it_grows_the_root_and_the_entries_are_those_of_one_append(
    steps: list[int], whole: dict[tuple[int, int], bytes]
) -> None:
    files: dict[str, bytes] = {}
    size = 0
    for step in steps:
        growth = append_entries(size, entries_of(size, step), files.get)
        # What was there keeps its bytes: mirrors may hold it for ever.
        assert all(files.get(path, data) == data for path, data in growth.files.items())
        files |= growth.files
        size = growth.size
        assert growth.root == root_of(size, lambda *place: whole[place])
    read = [entry for index in range(-(-size // 256)) for entry in read_entries(index, size, files.get)]
    assert read == entries_of(0, size)


def test_partial_tiles_may_be_taken_away_once_the_whole_one_is_there(whole: dict[tuple[int, int], bytes]) -> None:
    files = dict(append_entries(0, entries_of(0, 100), nothing).files)
    files |= append_entries(100, entries_of(100, 300), files.get).files
    left = {path: data for path, data in files.items() if ".p/100" not in path}
    assert len(left) < len(files)
    assert HashReader(100, left.get).hash_at(2, 24) == HashReader(100, files.get).hash_at(2, 24)
    grown = append_entries(400, entries_of(400, 1), left.get)
    assert grown.root == root_of(401, lambda *place: whole[place])


def test_an_append_reads_the_right_edge_only() -> None:
    files = dict(append_entries(0, entries_of(0, 70_000), nothing).files)
    asked: list[str] = []

    def fetch(path: str) -> bytes | None:
        asked.append(path)
        return files.get(path)

    append_entries(70_000, entries_of(70_000, 1000), fetch)
    assert len(set(asked)) <= 4


def test_a_lost_or_cut_tile_stops_the_append() -> None:
    files = dict(append_entries(0, entries_of(0, 300), nothing).files)
    for path in ("tile/0/001.p/44", "tile/entries/001.p/44"):
        with pytest.raises(EcholessError) as lost:
            append_entries(300, [b"more"], {k: v for k, v in files.items() if k != path}.get)
        assert lost.value.code is ErrorCode.NOT_FOUND
        with pytest.raises(EcholessError) as cut:
            append_entries(300, [b"more"], (files | {path: files[path][:-1]}).get)
        assert cut.value.code is ErrorCode.INVALID_PARAMETERS
