"""A part of an Ogg stream can be played once it has the head of the whole."""

from __future__ import annotations

import io

import av
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.gateway.ogg_head import OggHead

pytestmark = pytest.mark.unit
RATE_HZ = 24_000


def opus() -> list[bytes]:
    """Ten seconds in chunks as an encoder gives them."""
    encoder = new_encoder(AUDIO_FORMATS["opus_48000_64"], RATE_HZ)
    chunks = [encoder.encode(AudioContent(bytes(RATE_HZ))).reveal() for _ in range(20)]
    return [chunk for chunk in (*chunks, encoder.finish().reveal()) if chunk]


def seconds_of(data: bytes) -> float:
    with av.open(io.BytesIO(data)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_a_later_part_with_the_head_before_it_is_a_file() -> None:
    chunks = opus()
    head = OggHead("opus_48000_64")
    assert not len(head.take(AudioContent(chunks[0])))
    needed = head.take(AudioContent(chunks[-3])).reveal()
    assert needed.startswith(b"OggS")
    assert b"OpusTags" in needed
    part = b"".join(chunks[len(chunks) // 2 :])
    assert seconds_of(needed + part) > 2


def test_a_format_of_frames_needs_nothing() -> None:
    head = OggHead("mp3_44100_128")
    assert not len(head.take(AudioContent(b"OggS" + bytes(100))))
    assert not len(head.take(AudioContent(b"more")))


@pytest.mark.parametrize("data", [b"", b"OggS", b"RIFF" + bytes(200), b"OggS" + bytes(22) + b"\xff" + bytes(10)])
def test_what_is_no_head_is_not_taken_for_one(data: bytes) -> None:
    head = OggHead("opus_48000_64")
    head.take(AudioContent(data))
    assert not len(head.take(AudioContent(b"more")))
