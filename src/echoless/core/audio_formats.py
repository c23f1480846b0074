"""The output formats of the wire protocol, as data.

source: the wire protocol's `output_format` values, `codec_rate[_kbps]`; all mono.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Codec(StrEnum):
    """How samples become bytes."""

    MP3 = "mp3"
    PCM = "pcm"
    ULAW = "ulaw"
    ALAW = "alaw"
    OPUS = "opus"
    WAV = "wav"


_CONTENT_TYPES: Final = {
    Codec.MP3: "audio/mpeg",
    Codec.PCM: "audio/pcm",
    Codec.ULAW: "audio/basic",
    Codec.ALAW: "audio/x-alaw",
    Codec.OPUS: "audio/ogg",
    Codec.WAV: "audio/wav",
}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One output format.

    name:           the wire value, for example `mp3_44100_128`
    bit_rate_kbps:  for MP3 and Opus, else 0
    """

    name: str
    codec: Codec
    sample_rate_hz: int
    bit_rate_kbps: int = 0

    @property
    def content_type(self) -> str:
        """The media type of a whole file in this format."""
        return _CONTENT_TYPES[self.codec]

    @property
    def is_streamable(self) -> bool:
        """Whether it may be sent before its length is known; RIFF states sizes first."""
        return self.codec is not Codec.WAV


def _parse(name: str) -> AudioFormat:
    codec, rate, *kbps = name.split("_")
    return AudioFormat(name, Codec(codec), int(rate), int(kbps[0]) if kbps else 0)


_RATES: Final = {
    Codec.MP3: ("22050_32", "24000_48", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192"),
    Codec.PCM: ("8000", "16000", "22050", "24000", "32000", "44100", "48000"),
    Codec.ULAW: ("8000",),
    Codec.ALAW: ("8000",),
    Codec.OPUS: ("48000_32", "48000_64", "48000_96", "48000_128", "48000_192"),
    Codec.WAV: ("8000", "16000", "22050", "24000", "32000", "44100", "48000"),
}

AUDIO_FORMATS: Final[dict[str, AudioFormat]] = {
    name: _parse(name) for codec, rates in _RATES.items() for name in (f"{codec}_{rate}" for rate in rates)
}
DEFAULT_AUDIO_FORMAT: Final = "mp3_44100_128"
