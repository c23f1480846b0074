"""Roll-back of a C library: memory comes back, blocks are freed once, saved blocks live on."""

from __future__ import annotations

import ctypes

import pytest

from echoless.volatile.engines.tts.espeak import EspeakEngine, _Take
from echoless.volatile.engines.tts.library_state import LibraryState

pytestmark = pytest.mark.unit


@pytest.fixture
def state(engine: EspeakEngine) -> LibraryState:
    return engine._state


def test_segments_come_back_as_they_were(state: LibraryState) -> None:
    saved = state.save()
    address, data = max(saved.pieces, key=lambda piece: len(piece[1]))
    ctypes.memset(address + len(data) - 64, 0x77, 64)
    state.roll_back(saved)
    assert ctypes.string_at(address, len(data)) == data


def test_blocks_made_since_are_freed_and_blocks_of_a_state_are_not(state: LibraryState) -> None:
    kept = state._malloc(100)
    assert kept is not None
    ctypes.memset(kept, 0x11, 100)
    saved = state.save()
    assert saved.blocks == {kept: 100}
    state._malloc(200)
    state._free(kept)
    assert len(state._fresh) == 1
    ctypes.memset(kept, 0x22, 100)
    state.roll_back(saved)
    assert not state._fresh
    assert ctypes.string_at(kept, 100) == b"\x11" * 100
    state.release(saved)
    assert not saved.blocks


def test_a_saved_block_that_is_resized_stays_and_its_copy_is_fresh(state: LibraryState) -> None:
    kept = state._calloc(10, 4)
    assert kept is not None
    saved = state.save()
    larger = state._realloc(kept, 80)
    assert larger is not None
    assert larger != kept
    assert state._fresh == {larger: 80}
    larger = state._realloc(larger, 160)
    assert state._fresh == {larger: 160}
    text = state._strdup(kept)
    assert text in state._fresh
    state.roll_back(saved)
    state.release(saved)


def test_objects_that_outlive_a_call_are_left_out_of_the_copies(engine: EspeakEngine) -> None:
    """Without this an object is freed for the second time, and the process crashes, within some dozens of jobs."""
    engine._select("en-us")
    count = engine._state.leave_out_outliving(lambda: engine._synthesize(b"one two\0", _Take(None)))
    covered = sum(region.size_bytes for region in engine._state._spots)
    assert 1 <= count <= 4
    assert sum(region.size_bytes for region in engine._state.regions) - covered == 8 * count
