"""From what was heard in windows to one transcript: times from the recording's start, and the spaces between words.

The text of a transcript is the texts of its words, one after another.
source: the wire contract, speech to text, section 2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from echoless.core.content import TextContent
from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.volatile.speech.hearing_ports import HeardWord

_DIGITS: Final = 3
_SPACE: Final = " "


class TranscriptFlow:
    """Puts the words of one channel in a row; give the windows in their order."""

    def __init__(self, *, wants_characters: bool) -> None:
        self._wants_characters = wants_characters
        self._end_s = 0.0
        self._has_words = False

    def add(self, heard: Sequence[HeardWord], window_start_s: float) -> list[TranscriptWord]:
        """Return the next words with the spaces before them."""
        words: list[TranscriptWord] = []
        for word in heard:
            # Windows and words never run into each other, whatever an engine's frames say.
            start_s = max(self._end_s, round(window_start_s + word.start_s, _DIGITS))
            end_s = max(start_s, round(window_start_s + word.end_s, _DIGITS))
            if self._has_words:
                words.append(self._space(start_s))
            words.append(self._word(word, window_start_s, start_s, end_s))
            self._has_words = True
            self._end_s = end_s
        return words

    def _space(self, end_s: float) -> TranscriptWord:
        times = ([self._end_s], [end_s]) if self._wants_characters else ([], [])
        return TranscriptWord(_SPACE, WordKind.SPACING, self._end_s, end_s, 0.0, None, *times)

    def _word(self, word: HeardWord, window_start_s: float, start_s: float, end_s: float) -> TranscriptWord:
        text = word.text.reveal()
        starts: list[float] = []
        ends: list[float] = []
        if self._wants_characters:
            count = len(text)
            heard_starts = word.character_start_s or [word.start_s]
            if len(word.character_start_s) == count == len(word.character_end_s):
                starts = [_within(window_start_s + time_s, start_s, end_s) for time_s in heard_starts]
                ends = [_within(window_start_s + time_s, start_s, end_s) for time_s in word.character_end_s]
            else:
                starts, ends = spread(count, start_s, end_s)
        kind = WordKind.AUDIO_EVENT if word.is_event else WordKind.WORD
        return TranscriptWord(text, kind, start_s, end_s, min(0.0, word.logprob), None, starts, ends)


def text_of(words: Iterable[TranscriptWord]) -> TextContent:
    """Return the text of a transcript."""
    return TextContent("".join(word.text for word in words))


def spread(count: int, start_s: float, end_s: float) -> tuple[list[float], list[float]]:
    """Divide a time evenly among characters; returns their starts and ends."""
    step_s = (end_s - start_s) / max(count, 1)
    edges = [round(start_s + step_s * index, _DIGITS) for index in range(count + 1)]
    return edges[:-1], edges[1:]


def _within(time_s: float, start_s: float, end_s: float) -> float:
    return min(max(round(time_s, _DIGITS), start_s), end_s)
