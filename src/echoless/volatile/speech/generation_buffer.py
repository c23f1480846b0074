"""Gathers text of a socket until it is time to speak, by the schedule, on demand, or phrase by phrase. (3)

A generation begins when the contract says so, and takes what is complete by then: up to the last end of a phrase,
else to the last end of a word. What is left begins the next one.
source: the wire contract, text to speech, section 2.2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.clauses import (
    bare_length,
    ends_phrase,
    ends_word,
    is_blank,
    last_phrase_end,
    last_word_end,
    uncut_from,
)

DEFAULT_SCHEDULE: Final = (120, 160, 250, 290)
SCHEDULE_ITEM_MIN: Final = 50
SCHEDULE_ITEM_MAX: Final = 500
_TRIGGER_CHARACTERS_MIN: Final = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Text to be spoken now.

    is_phrase_end: whether whoever listens may have to wait after it
    """

    text: TextContent
    is_phrase_end: bool


@dataclass(frozen=True, slots=True)
class BufferRules:
    """How text is gathered.

    is_auto:        phrase by phrase, without a schedule
    parses_markup:  whether elements of markup must stay whole
    characters_max: of one buffer
    reads_tags:     whether audio tags in brackets must stay whole
    """

    is_auto: bool
    parses_markup: bool
    characters_max: int
    reads_tags: bool = False


class GenerationBuffer:
    """The text of one context that has not been spoken yet."""

    def __init__(self, rules: BufferRules, schedule: Sequence[int] = DEFAULT_SCHEDULE) -> None:
        assert schedule, "a schedule has at least one item"
        self._rules = rules
        self._schedule = tuple(schedule)
        self._generation_count = 0
        self._text = ""

    def __len__(self) -> int:
        return len(self._text)

    def add(self, text: str, *, tries_generation: bool = False) -> list[Piece]:
        """Take text and return what is to be spoken now.

        raises: EcholessError(MAX_CHARACTER_LIMIT_EXCEEDED) when more is gathered than a request may have
        """
        if text.isspace() and (not self._text or self._text[-1].isspace()):
            # Keeps the socket alive and adds nothing audible.
            return []
        self._text += text
        if len(self._text) > self._rules.characters_max:
            raise EcholessError(
                ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED,
                f"More than {self._rules.characters_max} characters are waiting to be spoken.",
                param="text",
            )
        end = self._end_of_phrases(text) if self._rules.is_auto else self._end_by_schedule(tries_generation)
        return self._take(end)

    def flush(self) -> list[Piece]:
        """Return everything that is left."""
        text, self._text = self._text, ""
        if is_blank(text):
            return []
        self._generation_count += 1
        return [Piece(TextContent(text), is_phrase_end=True)]

    def drop(self) -> None:
        """Forget what is left."""
        self._text = ""

    def _end_by_schedule(self, tries_generation: bool) -> int:
        """Return up to where text is to be spoken now, 0 for nothing."""
        item = self._schedule[min(self._generation_count, len(self._schedule) - 1)]
        if len(self._text) >= item:
            return self._complete_end()
        is_enough = bare_length(self._text) >= _TRIGGER_CHARACTERS_MIN and ends_word(self._text)
        return self._complete_end() if tries_generation and is_enough else 0

    def _end_of_phrases(self, added: str) -> int:
        stop = self._cuttable()
        end = last_phrase_end(self._text, stop)
        if end:
            return end
        is_phrase = bare_length(added) >= _TRIGGER_CHARACTERS_MIN and ends_word(added)
        return self._complete_end() if is_phrase or len(self._text) >= SCHEDULE_ITEM_MAX else 0

    def _complete_end(self) -> int:
        stop = self._cuttable()
        return last_phrase_end(self._text, stop) or last_word_end(self._text, stop)

    def _cuttable(self) -> int:
        stop = uncut_from(self._text) if self._rules.parses_markup else len(self._text)
        return min(stop, uncut_from(self._text, "[", "]")) if self._rules.reads_tags else stop

    def _take(self, end: int) -> list[Piece]:
        text = self._text[:end]
        if is_blank(text):
            return []
        self._text = self._text[end:]
        self._generation_count += 1
        return [Piece(TextContent(text), is_phrase_end=ends_phrase(text))]
