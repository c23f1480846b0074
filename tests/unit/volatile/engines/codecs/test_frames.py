"""Frames for FFmpeg hold the samples and their time."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.frames import audio_frame

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("sample_count", [1, 31, 100, 9_999])
def test_a_frame_holds_exactly_its_samples(sample_count: int) -> None:
    pcm = bytes(index % 251 for index in range(2 * sample_count))
    frame = audio_frame(AudioContent(pcm), 8_000, 4_000)
    assert bytes(frame.planes[0])[: len(pcm)] == pcm
    assert (frame.samples, frame.sample_rate, frame.time) == (sample_count, 8_000, 0.5)
