"""Opus files: one chain of Ogg pages that begins early."""

from __future__ import annotations

from itertools import pairwise

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.encoders import encode_all
from echoless.volatile.engines.codecs.opus import OpusEncoder

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


def test_closing_midway_hands_nothing_on() -> None:
    encoder = OpusEncoder(FORMAT, 48_000)
    encoder.encode(SECOND)
    encoder.close()
    with pytest.raises(AssertionError):
        encoder.encode(SECOND)
