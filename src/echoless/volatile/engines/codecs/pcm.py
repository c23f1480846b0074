"""Linear samples as they are: signed 16 bits, little endian, mono."""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.resampling import Resampler

_NOTHING: Final = b""


class PCMEncoder:
    """An AudioEncoder to `pcm_*`."""

    # One code for each sample; the resampler takes its own delay away.
    delay_s: Final = 0.0

    def __init__(self, audio_format: AudioFormat, input_rate_hz: int) -> None:
        self._resampler = Resampler(input_rate_hz, audio_format.sample_rate_hz)

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return the samples that are ready, at the format's rate."""
        return self._resampler.convert(pcm)

    def finish(self) -> AudioContent:
        """Return what the filter held back."""
        rest = self._resampler.convert(AudioContent(_NOTHING), is_last=True)
        self.close()
        return rest

    def close(self) -> None:
        """Release the filter."""
        self._resampler.close()
