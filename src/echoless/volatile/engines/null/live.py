"""A LiveRecognizer that needs no model: its words come with the audio, one for each half second."""

from __future__ import annotations

from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.volatile.engines.null.transcript import NULL_WORDS
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions
from echoless.volatile.speech.transcripts import spread

_SAMPLES_PER_WORD: Final = HEARING_RATE_HZ // 2
_SAMPLE_BYTES: Final = 2


class NullLiveRecognizer:
    """Hears NULL_WORDS over and over."""

    @property
    def languages(self) -> tuple[str, ...]:
        """English, as its words are."""
        return ("en",)

    def open(self, options: HearingOptions) -> NullLiveSession:
        """Begin a session; there is no bound."""
        return NullLiveSession()


class NullLiveSession:
    """A LiveSession."""

    def __init__(self) -> None:
        self._start_sample = 0
        self._sample_count = 0
        self._word_count = 0

    def hear(self, pcm: AudioContent) -> TextContent | None:
        """Return the words so far where there is one more."""
        self._sample_count += len(pcm) // _SAMPLE_BYTES
        count = 1 + (self._sample_count - self._start_sample) // _SAMPLES_PER_WORD
        if count == self._word_count:
            return None
        self._word_count = count
        return TextContent(" ".join(_words(count)))

    def commit(self) -> Heard:
        """Return the words so far, spread over the segment."""
        times_s = [sample / HEARING_RATE_HZ for sample in (self._start_sample, self._sample_count)]
        starts, ends = spread(self._word_count, *times_s)
        words = [
            HeardWord(TextContent(text), start_s, end_s, 0.0)
            for text, start_s, end_s in zip(_words(self._word_count), starts, ends, strict=True)
        ]
        self._start_sample, self._word_count = self._sample_count, 0
        return Heard(words, "en")

    def close(self) -> None:
        """Nothing is held."""


class LoudIsSpeech:
    """A VoiceActivity that takes everything for speech that is not digital silence."""

    def is_speech(self, frame: AudioContent) -> bool:
        """Return whether any sample is not zero."""
        return any(frame.reveal())


def _words(count: int) -> list[str]:
    return [NULL_WORDS[index % len(NULL_WORDS)] for index in range(count)]
