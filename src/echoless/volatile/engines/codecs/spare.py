"""Encoders made before they are asked for, so that the first audio of a job does not wait for their set-up.

A spare encoder has never seen a sample. A job takes it and it dies with the job; what follows is new.
"""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AudioFormat
from echoless.volatile.speech.ports import AudioEncoder, EncoderFactory

# About a quarter of a megabyte each; callers of one engine seldom ask for more.
FORMATS_MAX: Final = 4


class SpareEncoders:
    """An EncoderFactory that keeps one spare encoder for each of the formats asked for last."""

    def __init__(self, new_encoder: EncoderFactory, formats_max: int = FORMATS_MAX) -> None:
        self._new_encoder = new_encoder
        self._formats_max = formats_max
        self._spares: dict[tuple[AudioFormat, int], AudioEncoder | None] = {}

    def __call__(
        self, audio_format: AudioFormat, input_rate_hz: int, input_sample_count: int | None = None
    ) -> AudioEncoder:
        """Return the spare encoder, or a new one where there is none; a stated length always needs a new one."""
        if not audio_format.is_streamable:
            return self._new_encoder(audio_format, input_rate_hz, input_sample_count)
        spare = self._spares.pop((audio_format, input_rate_hz), None)
        self._spares[audio_format, input_rate_hz] = None
        if len(self._spares) > self._formats_max:
            oldest = self._spares.pop(next(iter(self._spares)))
            if oldest is not None:
                oldest.close()
        return spare or self._new_encoder(audio_format, input_rate_hz)

    def prepare(self) -> bool:
        """Make one spare encoder that is missing, up to half a millisecond; False when none is."""
        for (audio_format, input_rate_hz), spare in self._spares.items():
            if spare is None:
                self._spares[audio_format, input_rate_hz] = self._new_encoder(audio_format, input_rate_hz)
                return True
        return False
