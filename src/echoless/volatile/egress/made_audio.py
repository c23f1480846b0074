"""What is known of audio that a remote made: how long it is, and whether it is what was asked for."""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AudioFormat, Codec

_WAVE_HEAD_BYTES: Final = 44
# Kilobits a second by index of layer III, and samples a second; MPEG-1, then MPEG-2 and 2.5.
_RATES_1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLE_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def audio_ms(audio_format: AudioFormat, byte_count: int) -> int:
    """Return how long audio lasts, from its size: exact for samples, by the stated bit rate for MP3 and Opus."""
    match audio_format.codec:
        case Codec.PCM:
            return byte_count * 1000 // (2 * audio_format.sample_rate_hz)
        case Codec.WAV:
            return max(0, byte_count - _WAVE_HEAD_BYTES) * 1000 // (2 * audio_format.sample_rate_hz)
        case Codec.ULAW | Codec.ALAW:
            return byte_count * 1000 // audio_format.sample_rate_hz
        case _:
            return byte_count * 8 // audio_format.bit_rate_kbps


def mp3_rates(data: bytes) -> tuple[int, int] | None:
    """Return sample rate in Hz and bit rate in kbit/s of the first frame, or None where there is no frame yet.

    source: ISO/IEC 11172-3 2.4.1.3, 13818-3; ID3v2.4 section 3.1 for a tag before it
    """
    at = 0
    if data[:3] == b"ID3" and len(data) >= 10:
        at = 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, sample_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or sample_index == 3 or rate_index in {0, 15}:
        return None
    return _SAMPLE_RATES[version][sample_index], (_RATES_1 if version == 3 else _RATES_2)[rate_index]


def is_as_asked(audio_format: AudioFormat, first: bytes) -> bool:
    """Whether audio begins as its format must, as far as its first bytes tell.

    Samples have no head: what they are is the remote's word.
    """
    match audio_format.codec:
        case Codec.MP3:
            return mp3_rates(first) == (audio_format.sample_rate_hz, audio_format.bit_rate_kbps)
        case Codec.OPUS:
            return first.startswith(b"OggS")
        case Codec.WAV:
            rate_hz = int.from_bytes(first[24:28], "little")
            return first.startswith(b"RIFF") and rate_hz == audio_format.sample_rate_hz
        case _:
            return not first.startswith((b"RIFF", b"OggS", b"ID3", b"{"))
