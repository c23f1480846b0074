"""Samples as FFmpeg takes them."""

from __future__ import annotations

from fractions import Fraction

import av

from echoless.core.content import AudioContent


def audio_frame(pcm: AudioContent, sample_rate_hz: int, first_sample: int) -> av.AudioFrame:
    """Return a frame of mono signed 16-bit samples.

    first_sample: index of its first sample in the stream
    """
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    plane = frame.planes[0]
    # FFmpeg may round a plane up to its alignment.
    plane.update(pcm.reveal().ljust(plane.buffer_size, b"\0"))
    frame.sample_rate = sample_rate_hz
    frame.time_base = Fraction(1, sample_rate_hz)
    frame.pts = first_sample
    return frame
