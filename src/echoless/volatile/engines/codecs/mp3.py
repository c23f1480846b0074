"""MP3 at a constant bit rate, by LAME.

The rate is changed by soxr before LAME: half the cost of LAME's own resampler at this setting, and cleaner.
"""

from __future__ import annotations

from typing import Final

import lameenc

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.resampling import Resampler

# LAME's scale: 0 is slowest and best, 9 fastest; 5 is where speech gains no more that can be heard.
_QUALITY: Final = 5
# 576 samples by the encoder and 528 + 1 by the decoder, at the stream's rate. No tag frame states them here, so no
# decoder takes them away. source: LAME's technical FAQ; encoder.h, ENCDELAY and DECDELAY
_DELAY_SAMPLES: Final = 576 + 528 + 1


class MP3Encoder:
    """An AudioEncoder to `mp3_*`."""

    def __init__(self, audio_format: AudioFormat, input_rate_hz: int) -> None:
        self._resampler = Resampler(input_rate_hz, audio_format.sample_rate_hz)
        self._lame: lameenc.Encoder | None = lameenc.Encoder()
        self._lame.set_channels(1)
        self._lame.set_bit_rate(audio_format.bit_rate_kbps)
        self._lame.set_in_sample_rate(audio_format.sample_rate_hz)
        self._lame.set_out_sample_rate(audio_format.sample_rate_hz)
        self._lame.set_quality(_QUALITY)
        self._lame.silence()
        # LAME's set-up comes with the first call and costs more than the first frame; a spare has it behind it.
        self._lame.encode(b"")
        self._is_started = False
        self.delay_s: Final = _DELAY_SAMPLES / audio_format.sample_rate_hz

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return the whole frames that are ready; none for about the first 90 ms."""
        return self._compress(self._resampler.convert(pcm))

    def finish(self) -> AudioContent:
        """Return the last frames. A stream without samples has none."""
        assert self._lame is not None, "an encoder finishes once"
        last = self._compress(self._resampler.convert(AudioContent(b""), is_last=True)).reveal()
        if self._is_started:
            last += bytes(self._lame.flush())
        self.close()
        return AudioContent(last)

    def close(self) -> None:
        """Release LAME and the filter."""
        self._lame = None
        self._resampler.close()

    def _compress(self, pcm: AudioContent) -> AudioContent:
        assert self._lame is not None, "an encoder that is closed takes nothing"
        if not len(pcm):
            return pcm
        self._is_started = True
        return AudioContent(bytes(self._lame.encode(pcm.reveal())))
