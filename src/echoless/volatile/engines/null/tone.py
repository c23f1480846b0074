"""A TTSEngine that needs no model: each word is a tone, so that the platform runs and can be tested anywhere.

The samples depend on the words' number, place and length alone, and on the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from echoless.core.content import AudioContent
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance, WordMark

_RATE_HZ: Final = 22_050
_CHARACTER_MS: Final = 60
_GAP_MS: Final = 40
_AMPLITUDE: Final = 8_000
_PIECE_BYTES: Final = 2 * _RATE_HZ // 10
_WORD: Final = re.compile(r"\S+")


class ToneEngine:
    """Sings one tone for each word, as long as the word."""

    @property
    def sample_rate_hz(self) -> int:
        """22,050, like the embedded voices."""
        return _RATE_HZ

    @property
    def wants_retirement(self) -> bool:
        """Never: it keeps nothing."""
        return False

    def speak(
        self,
        utterance: Utterance,
        voice: EngineVoice,
        delivery: Delivery,
        on_samples: Callable[[AudioContent], None] | None = None,
    ) -> SpokenAudio:
        """Return a tone and a gap for each word, a mark at each tone's start."""
        pieces: list[bytes] = []
        marks: list[WordMark] = []
        start = 0
        for index, word in enumerate(_WORD.finditer(utterance.spoken.reveal())):
            length = word.end() - word.start()
            marks.append(WordMark(word.start(), length, start))
            piece = _tone(220.0 + 4 * voice.pitch + 20 * (index % 8), length * _CHARACTER_MS / delivery.speed)
            pieces.append(piece + bytes(2 * (_RATE_HZ * _GAP_MS // 1000)))
            start += len(pieces[-1]) // 2
        pcm = b"".join(pieces)
        if on_samples is not None:
            for at in range(0, len(pcm), _PIECE_BYTES):
                on_samples(AudioContent(pcm[at : at + _PIECE_BYTES]))
        return SpokenAudio(AudioContent(pcm), tuple(marks))


def _tone(frequency_hz: float, duration_ms: float) -> bytes:
    times_s = np.arange(int(_RATE_HZ * duration_ms / 1000)) / _RATE_HZ
    samples = (np.sin(2 * np.pi * frequency_hz * times_s) * _AMPLITUDE).astype("<i2")
    data = samples.tobytes()
    # numpy keeps small arrays for reuse without overwriting them.
    samples.fill(0)
    return data
