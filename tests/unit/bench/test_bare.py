"""The bare side really speaks, and its answers are framed."""

from __future__ import annotations

import struct

import pytest

from echoless.bench.bare import BareFraming, BareProcesses
from echoless.bench.corpus import english_text
from echoless.bench.load import run_closed_loop

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_pieces_are_counted_however_they_are_cut(piece: int) -> None:
    answer = b"".join(struct.pack(">I", size) + b"x" * size for size in (5, 300)) + struct.pack(">I", 0)
    framing = BareFraming([b"job"])
    total = 0
    for start in range(0, len(answer), piece):
        count, is_complete = framing.feed(memoryview(answer[start : start + piece]))
        total += count
        assert is_complete is (start + piece >= len(answer))
    assert total == 305


def test_bare_engines_speak_the_same_text_alike() -> None:
    with BareProcesses.start(2, "mp3_22050_32", [english_text(40), english_text(120)]) as bare:
        timings, seconds = run_closed_loop(bare.clients, [0, 1, 0, 1])
    sizes = {index: {timing.audio_bytes for timing in timings if timing.job_index == index} for index in (0, 1)}
    assert all(len(found) == 1 for found in sizes.values())
    assert 1_000 < min(sizes[0]) < min(sizes[1])
    assert all(0 < timing.first_byte_s <= timing.last_byte_s <= seconds for timing in timings)
    assert all(process.returncode == 0 for process in bare.processes)
