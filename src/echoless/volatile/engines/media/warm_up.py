"""One job in each codec and one in each kind of container before the wall closes.

What loads late is loaded then, and a broken part is seen.
"""

from __future__ import annotations

import math
import struct
from typing import Final

from echoless.confinement.stack import StackWiper
from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import DEFAULT_VOICE_ID
from echoless.crossing.media_records import Convert, InputFormat
from echoless.crossing.records import Record
from echoless.volatile.engines.media.sound import NoiseRemoval, Recording
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ
from echoless.volatile.speech.media_ports import MediaJob

_TONE_S: Final = 1
_DURATION_MS_MAX: Final = 10_000
_HELD_BYTES_MAX: Final = 1024 * 1024


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, bytes_max: int) -> bytes:
        data, self._data = self._data[:bytes_max], self._data[bytes_max:]
        return data


class _Kept:
    """An outlet that keeps the audio."""

    def __init__(self) -> None:
        self.audio = bytearray()

    @property
    def audio_bytes(self) -> int:
        """How much was sent."""
        return len(self.audio)

    def post(self, record: Record) -> None:
        """Drop a record."""

    def send_audio(self, audio: AudioContent) -> None:
        """Keep audio."""
        self.audio += audio.reveal()

    def check(self) -> None:
        """Go on."""


def warm_up(convert: MediaJob, without_noise: NoiseRemoval) -> None:
    """Convert a tone into each codec, and decode what came of it.

    raises: EcholessError when a part does not work here
    """
    tone = _tone()
    formats = {audio_format.codec: audio_format for audio_format in AUDIO_FORMATS.values()}
    for audio_format in formats.values():
        made = _converted(convert, tone, InputFormat.PCM_S16LE_16, audio_format.name, without_noise)
        if audio_format.codec.value in ("mp3", "opus", "wav"):
            again = _converted(convert, made, InputFormat.OTHER, "pcm_16000", without_noise)
            if abs(len(again) - len(tone)) > len(tone) // 4:
                raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "a codec does not decode what it encoded")
    StackWiper().wipe()


def _converted(
    convert: MediaJob, data: bytes, input_format: InputFormat, output_format: str, without_noise: NoiseRemoval
) -> bytes:
    order = Convert("", DEFAULT_VOICE_ID, {}, None, output_format, input_format, True, 1, _DURATION_MS_MAX)
    outlet = _Kept()
    recording = Recording(
        _Reader(data), input_format, duration_ms_max=_DURATION_MS_MAX, held_bytes_max=_HELD_BYTES_MAX,
        on_known=lambda _kind: None, without_noise=without_noise,
    )  # fmt: skip
    try:
        convert.run(order, recording, outlet)
    finally:
        recording.close()
    return bytes(outlet.audio)


def _tone() -> bytes:
    count = HEARING_RATE_HZ * _TONE_S
    return struct.pack(f"<{count}h", *(int(8000 * math.sin(at / 20)) for at in range(count)))
