"""Opus files: one chain of Ogg pages that begins early, at the advertised rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.opus import OpusEncoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit

FORMAT = AUDIO_FORMATS["opus_48000_64"]
SECOND = AudioContent(bytes(range(250)) * 200)


def pages(data: bytes) -> list[tuple[int, int, int]]:
    """Return flags, granule and sequence number of each page, walking by the lengths that RFC 3533 states."""
    found, at = [], 0
    while at < len(data):
        assert data[at : at + 5] == b"OggS\0"
        granule = int.from_bytes(data[at + 6 : at + 14], "little")
        found.append((data[at + 5], granule, int.from_bytes(data[at + 18 : at + 22], "little")))
        count = data[at + 26]
        at += 27 + count + sum(data[at + 27 : at + 27 + count])
    return found


def test_a_file_is_one_chain_of_pages_from_first_to_last() -> None:
    found = pages(encode_all(OpusEncoder(FORMAT, 48_000), [SECOND] * 3))
    assert [number for _, _, number in found] == list(range(len(found)))
    assert found[0][0] & 2
    assert found[-1][0] & 4
    assert not any(flags & 6 for flags, _, _ in found[1:-1])


def test_no_page_holds_more_than_a_tenth_of_a_second() -> None:
    granules = [granule for _, granule, _ in pages(encode_all(OpusEncoder(FORMAT, 48_000), [SECOND] * 3))][2:]
    assert all(later - earlier <= 4_800 + 960 for earlier, later in pairwise(granules))


def hummed(duration_s: int = 8) -> bytes:
    """Return something like speech at 48,000 Hz: a gliding voice in syllables, and hisses between them."""
    times_s = np.arange(48_000 * duration_s) / 48_000
    phase = 2 * np.pi * np.cumsum(110 + 30 * np.sin(2 * np.pi * 0.7 * times_s)) / 48_000
    voice = sum(np.sin(number * phase) / number for number in range(1, 80))
    syllables = np.sin(2 * np.pi * 3 * times_s)
    hiss = np.random.default_rng(1).standard_normal(len(times_s)) * np.clip(-syllables, 0, 1)
    samples = 5_000 * voice * np.clip(syllables + 0.6, 0, 1) + 2_000 * hiss
    return samples.clip(-32_768, 32_767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    "audio_format", [f for f in AUDIO_FORMATS.values() if f.codec is Codec.OPUS], ids=lambda f: f.name
)
def test_a_file_keeps_to_the_advertised_rate(audio_format: AudioFormat) -> None:
    """Ogg's pages take 3 kbit/s. What libopus does unless told otherwise is 1.5 times the rate at 64 and above."""
    pcm = hummed()
    data = encode_all(OpusEncoder(audio_format, 48_000), [AudioContent(pcm)])
    kbps = len(data) * 8 / (len(pcm) / 2 / 48_000) / 1_000
    assert 0.8 * audio_format.bit_rate_kbps < kbps < 1.05 * audio_format.bit_rate_kbps + 3


def test_closing_midway_hands_nothing_on() -> None:
    encoder = OpusEncoder(FORMAT, 48_000)
    encoder.encode(SECOND)
    encoder.close()
    with pytest.raises(AssertionError):
        encoder.encode(SECOND)
