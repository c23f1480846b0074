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


_NAMES: Final = [
    "mp3_22050_32",
    "mp3_24000_48",
    "mp3_44100_32",
    "mp3_44100_64",
    "mp3_44100_96",
    "mp3_44100_128",
    "mp3_44100_192",
    "pcm_8000",
    "pcm_16000",
    "pcm_22050",
    "pcm_24000",
    "pcm_32000",
    "pcm_44100",
    "pcm_48000",
    "ulaw_8000",
    "alaw_8000",
    "opus_48000_32",
    "opus_48000_64",
    "opus_48000_96",
    "opus_48000_128",
    "opus_48000_192",
    "wav_8000",
    "wav_16000",
    "wav_22050",
    "wav_24000",
    "wav_32000",
    "wav_44100",
    "wav_48000",
]

AUDIO_FORMATS: Final[dict[str, AudioFormat]] = {name: _parse(name) for name in _NAMES}
DEFAULT_AUDIO_FORMAT: Final = "mp3_44100_128"
