"""Live audio as clients send it, to the samples that recognisers hear: linear or mu-law, at any of the wire rates.

source: ITU-T G.711, table 2b, for mu-law
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.audio_formats import Codec
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.codecs.resampling import Resampler
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

LIVE_FORMATS: Final = (
    "pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000",
)  # fmt: skip
_SAMPLE_BYTES: Final = 2


class LiveInput:
    """A stream of one session.

    raises: EcholessError(INVALID_PARAMETERS) for a format that is not one of LIVE_FORMATS
    """

    def __init__(self, audio_format: str) -> None:
        if audio_format not in LIVE_FORMATS:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such audio format", param="audio_format")
        codec, rate_hz = audio_format.split("_")
        self._table = _mu_law_table() if codec == Codec.ULAW else None
        self._resampler = Resampler(int(rate_hz), HEARING_RATE_HZ)
        self._odd = b""

    def convert(self, audio: AudioContent, *, is_last: bool = False) -> AudioContent:
        """Return the samples that are ready: mono, 16 bits, at HEARING_RATE_HZ.

        audio:   may end in the middle of a sample
        is_last: what the filter holds back comes too, and half a sample is dropped
        """
        return self._resampler.convert(AudioContent(self._linear(audio.reveal())), is_last=is_last)

    def close(self) -> None:
        """Release the filter."""
        self._odd = b""
        self._resampler.close()

    def _linear(self, data: bytes) -> bytes:
        if self._table is not None:
            return self._table[np.frombuffer(data, dtype=np.uint8)].tobytes()
        data = self._odd + data
        whole = len(data) // _SAMPLE_BYTES * _SAMPLE_BYTES
        self._odd = data[whole:]
        return data[:whole]


def _mu_law_table() -> NDArray[np.int16]:
    """Return the linear value of each of the 256 codes."""
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitudes = (((codes & 0x0F) << 3) + 0x84 << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -magnitudes, magnitudes).astype("<i2")
