"""A recording of any length is in memory by one window (C17, C18).

Its bytes are made on the fly, so nobody holds it; the process's own memory is read before and after the long part.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from echoless.crossing.media_records import InputFormat
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.sound import Recording
from tests.unit.volatile.engines.media.conftest import recording, tone, wav_header

pytestmark = pytest.mark.unit

GROWTH_BYTES_MAX = 8 * 2**20
HOUR_MS = 3_600_000


class Endless:
    """A head, then one piece again and again, until so much has been given."""

    def __init__(self, head: bytes, piece: bytes, total_bytes: int) -> None:
        self._head = head
        self._piece = piece
        self._left = total_bytes
        self._at = 0

    def read(self, bytes_max: int) -> bytes:
        if self._head:
            data, self._head = self._head[:bytes_max], self._head[bytes_max:]
            return data
        data = self._piece[self._at : self._at + min(bytes_max, self._left)]
        self._at = (self._at + len(data)) % len(self._piece)
        self._left -= len(data)
        return data


def resident_bytes() -> int:
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def wav() -> tuple[bytes, bytes]:
    return wav_header(2, 44_100, 0)[:-4] + b"\xff" * 4, tone(1, 44_100, 2).tobytes()


def mp3() -> tuple[bytes, bytes]:
    return b"", recording("mp3", "libmp3lame", tone(2, 44_100), 44_100, {"write_xing": "0", "id3v2_version": "0"})


def adts() -> tuple[bytes, bytes]:
    return b"", recording("adts", "aac", tone(2, 44_100), 44_100)


def mpegts() -> tuple[bytes, bytes]:
    return b"", recording("mpegts", "aac", tone(2, 48_000), 48_000)


def flac() -> tuple[bytes, bytes]:
    """Frames number themselves; a decoder goes on where the numbers begin anew."""
    data = recording("flac", "flac", tone(2, 44_100), 44_100)
    start = data.index(b"\xff\xf8")
    return data[:start], data[start:]


@pytest.mark.parametrize(
    ("made", "total_bytes", "removes_noise"),
    [(wav, 200 * 2**20, False), (mp3, 12 * 2**20, False), (adts, 12 * 2**20, False), (mpegts, 16 * 2**20, False),
     (flac, 30 * 2**20, False), (mp3, 4 * 2**20, True)],
    ids=["wav", "mp3", "adts", "mpegts", "flac", "mp3-without-noise"],
)  # fmt: skip
def test_memory_does_not_grow_with_the_length_of_a_recording(
    made: Callable[[], tuple[bytes, bytes]], total_bytes: int, removes_noise: bool
) -> None:
    sound = Recording(
        Endless(*made(), total_bytes), InputFormat.OTHER, duration_ms_max=10 * HOUR_MS, held_bytes_max=0,
        on_known=lambda _kind: None, without_noise=without_noise,
    )  # fmt: skip
    blocks: Iterator[object] = sound.blocks(removes_noise=removes_noise)
    for _ in range(240):
        next(blocks)
    before = resident_bytes()
    for _ in blocks:
        pass
    assert sound.audio_ms > 8 * 60_000
    assert resident_bytes() - before < GROWTH_BYTES_MAX
    sound.close()
