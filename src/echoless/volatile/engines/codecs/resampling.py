"""Changing the rate of live samples, in a stream, by soxr."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr

from echoless.core.content import AudioContent

_SAMPLE_BYTES: Final = 2


def resampled_count(sample_count: int, input_rate_hz: int, output_rate_hz: int) -> int:
    """Return how many samples come out of a whole stream: the exact ratio, rounded half up.

    source: soxr's stream length; tests compare it with every rate
    """
    return (2 * sample_count * output_rate_hz + input_rate_hz) // (2 * input_rate_hz)


class Resampler:
    """A stream of mono signed 16-bit samples from one rate to another; nothing happens where they are equal."""

    def __init__(self, input_rate_hz: int, output_rate_hz: int) -> None:
        self._stream: soxr.ResampleStream | None = None
        if input_rate_hz != output_rate_hz:
            self._stream = soxr.ResampleStream(input_rate_hz, output_rate_hz, 1, dtype="int16")

    def convert(self, pcm: AudioContent, *, is_last: bool = False) -> AudioContent:
        """Return the samples that are ready.

        is_last: the stream ends with these; what the filter holds back comes too
        """
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm.reveal(), dtype="<i2")
        converted = self._stream.resample_chunk(samples, last=is_last)
        data = converted.tobytes()
        # numpy keeps small arrays for reuse without overwriting them.
        converted.fill(0)
        return AudioContent(data)

    def close(self) -> None:
        """Release the filter's memory."""
        self._stream = None
