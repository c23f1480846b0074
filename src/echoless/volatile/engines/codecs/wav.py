"""RIFF WAVE: a header that states the exact length, then linear samples.

source: the `wave` module of the standard library writes the header
"""

from __future__ import annotations

import io
import wave
from typing import Final

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.pcm import PCMEncoder
from echoless.volatile.engines.codecs.resampling import resampled_count

_SAMPLE_BYTES: Final = 2


def wav_header(sample_rate_hz: int, sample_count: int) -> bytes:
    """Return the header of a mono 16-bit file of so many samples."""
    memory = io.BytesIO()
    with wave.open(memory, "wb") as writer:
        writer.setparams((1, _SAMPLE_BYTES, sample_rate_hz, sample_count, "NONE", "not compressed"))
        writer.writeframesraw(b"")
        # Taken before closing, which would state the length that has been written so far: nothing.
        return memory.getvalue()


class WAVEncoder:
    """An AudioEncoder to `wav_*` that knows beforehand how much will come."""

    delay_s: Final = 0.0

    def __init__(self, audio_format: AudioFormat, input_rate_hz: int, input_sample_count: int) -> None:
        self._samples = PCMEncoder(audio_format, input_rate_hz)
        count = resampled_count(input_sample_count, input_rate_hz, audio_format.sample_rate_hz)
        self._header = wav_header(audio_format.sample_rate_hz, count)
        self._left_bytes = count * _SAMPLE_BYTES

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return the samples that are ready; the header comes before the first."""
        return self._fitted(self._samples.encode(pcm), is_last=False)

    def finish(self) -> AudioContent:
        """Return the rest: exactly as many samples as the header states, silence where fewer came."""
        return self._fitted(self._samples.finish(), is_last=True)

    def close(self) -> None:
        """Release the filter."""
        self._samples.close()

    def _fitted(self, pcm: AudioContent, *, is_last: bool) -> AudioContent:
        header, self._header = self._header, b""
        data = pcm.reveal()[: self._left_bytes]
        if is_last:
            data = data.ljust(self._left_bytes, b"\0")
        self._left_bytes -= len(data)
        return AudioContent(header + data if header else data)
