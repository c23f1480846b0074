"""A Recognizer that needs no model: the same words in every window, spread over its time."""

from __future__ import annotations

from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions
from echoless.volatile.speech.transcripts import spread

NULL_WORDS: Final = ("Null", "transcript.")
_WINDOW_S_MAX: Final = 30.0
_SAMPLE_BYTES: Final = 2


class NullRecognizer:
    """Hears NULL_WORDS, whatever was said."""

    @property
    def languages(self) -> tuple[str, ...]:
        """English, as its words are."""
        return ("en",)

    @property
    def window_s_max(self) -> float:
        """Half a minute."""
        return _WINDOW_S_MAX

    @property
    def can_bias(self) -> bool:
        """No."""
        return False

    @property
    def wants_retirement(self) -> bool:
        """Never: it keeps nothing."""
        return False

    def recognise(self, pcm: AudioContent, options: HearingOptions) -> Heard:
        """Return the words, each for its share of the window."""
        starts, ends = spread(len(NULL_WORDS), 0.0, len(pcm) / _SAMPLE_BYTES / HEARING_RATE_HZ)
        words = [
            HeardWord(TextContent(text), start_s, end_s, 0.0)
            for text, start_s, end_s in zip(NULL_WORDS, starts, ends, strict=True)
        ]
        return Heard(words, "en")


class EverySpeech:
    """A VoiceActivity that takes everything for speech."""

    def is_speech(self, frame: AudioContent) -> bool:
        """Return True."""
        return True
