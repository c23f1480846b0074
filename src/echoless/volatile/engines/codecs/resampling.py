"""Changing the rate of live samples, in a stream, by soxr."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr

from echoless.core.content import AudioContent

_LOWEST: Final = -32_768
_HIGHEST: Final = 32_767


def resampled_count(sample_count: int, input_rate_hz: int, output_rate_hz: int) -> int:
    """Return how many samples come out of a whole stream: the exact ratio, rounded half up.

    source: soxr's stream length; tests compare it with every rate
    """
    return (2 * sample_count * output_rate_hz + input_rate_hz) // (2 * input_rate_hz)


class Resampler:
    """A stream of mono signed 16-bit samples from one rate to another; nothing happens where they are equal.

    It computes in floating point and rounds once: with integers soxr adds noise from a clock and an address, and
    equal samples would not give equal bytes.
    """

    def __init__(self, input_rate_hz: int, output_rate_hz: int) -> None:
        self._stream: soxr.ResampleStream | None = None
        if input_rate_hz != output_rate_hz:
            self._stream = soxr.ResampleStream(input_rate_hz, output_rate_hz, 1, dtype="float32")

    def convert(self, pcm: AudioContent, *, is_last: bool = False) -> AudioContent:
        """Return the samples that are ready.

        is_last: the stream ends with these; what the filter holds back comes too
        """
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm.reveal(), dtype="<i2").astype(np.float32)
        converted = self._stream.resample_chunk(samples, last=is_last)
        np.rint(converted, out=converted)
        np.clip(converted, _LOWEST, _HIGHEST, out=converted)
        rounded = converted.astype("<i2")
        data = rounded.tobytes()
        # numpy keeps small arrays for reuse without overwriting them.
        for used in (samples, converted, rounded):
            used.fill(0)
        return AudioContent(data)

    def close(self) -> None:
        """Release the filter's memory."""
        self._stream = None
