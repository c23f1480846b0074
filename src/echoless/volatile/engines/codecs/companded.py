"""G.711 mu-law and A-law at 8,000 Hz, by FFmpeg's encoders; one byte for each sample, no container."""

from __future__ import annotations

from typing import Final

import av

from echoless.core.audio_formats import AudioFormat, Codec
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.frames import audio_frame
from echoless.volatile.engines.codecs.resampling import Resampler

_NAMES: Final = {Codec.ULAW: "pcm_mulaw", Codec.ALAW: "pcm_alaw"}


class CompandedEncoder:
    """An AudioEncoder to `ulaw_8000` and `alaw_8000`."""

    # One code for each sample; the resampler takes its own delay away.
    delay_s: Final = 0.0

    def __init__(self, audio_format: AudioFormat, input_rate_hz: int) -> None:
        self._rate_hz = audio_format.sample_rate_hz
        self._resampler = Resampler(input_rate_hz, self._rate_hz)
        context = av.CodecContext.create(_NAMES[audio_format.codec], "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate = self._rate_hz
        context.layout = "mono"
        context.format = "s16"
        self._context: av.AudioCodecContext | None = context

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return one byte for each sample that is ready."""
        return self._compress(self._resampler.convert(pcm))

    def finish(self) -> AudioContent:
        """Return what the filter held back."""
        last = self._compress(self._resampler.convert(AudioContent(b""), is_last=True))
        self.close()
        return last

    def close(self) -> None:
        """Release FFmpeg's objects and the filter."""
        self._context = None
        self._resampler.close()

    def _compress(self, pcm: AudioContent) -> AudioContent:
        assert self._context is not None, "an encoder that is closed takes nothing"
        if not len(pcm):
            return pcm
        packets = self._context.encode(audio_frame(pcm, self._rate_hz, 0))
        return AudioContent(b"".join(bytes(packet) for packet in packets))
