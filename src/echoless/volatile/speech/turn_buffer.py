"""Gathers what a dialogue's socket is given until there is enough of it to speak. (3)

A segment is spoken once it has about forty characters and eight words, up to its last complete phrase or word; what
is left begins the next one. An audio tag is never cut in two.
source: the wire contract, text to dialogue, section 2.2
"""

from __future__ import annotations

from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.clauses import ends_phrase, is_blank, last_phrase_end, last_word_end, uncut_from
from echoless.volatile.speech.generation_buffer import Piece

SEGMENT_CHARACTERS_MIN: Final = 40
SEGMENT_WORDS_MIN: Final = 8


class TurnBuffer:
    """The text of one turn that has not been spoken yet.

    characters_max: how much may be gathered
    """

    def __init__(self, characters_max: int) -> None:
        self._characters_max = characters_max
        self._text = ""

    def add(self, text: str) -> list[Piece]:
        """Take text and return what is to be spoken now.

        raises: EcholessError(MAX_CHARACTER_LIMIT_EXCEEDED) when more is gathered than a request may have
        """
        self._text += text
        if len(self._text) > self._characters_max:
            raise EcholessError(
                ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED,
                f"More than {self._characters_max} characters are waiting to be spoken.",
                param="inputs",
            )
        return self._take(self._end()) if self._is_segment() else []

    def flush(self) -> list[Piece]:
        """Return everything that is left."""
        text, self._text = self._text, ""
        return [] if is_blank(text) else [Piece(TextContent(text), is_phrase_end=True)]

    def _is_segment(self) -> bool:
        return len(self._text) >= SEGMENT_CHARACTERS_MIN and len(self._text.split()) >= SEGMENT_WORDS_MIN

    def _end(self) -> int:
        stop = uncut_from(self._text, "[", "]")
        return last_phrase_end(self._text, stop) or last_word_end(self._text, stop)

    def _take(self, end: int) -> list[Piece]:
        text = self._text[:end]
        if is_blank(text):
            return []
        self._text = self._text[end:]
        return [Piece(TextContent(text), is_phrase_end=ends_phrase(text))]
