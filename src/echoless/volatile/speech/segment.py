"""Cutting a text into pieces that can be spoken in one go, lazily and in linear time.

Sentences come from sentence-stream, fed piece by piece; what is longer than an utterance may be is cut at a clause,
else at a space, else anywhere but inside a grapheme. Pieces cover the text without gaps.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sentence_stream import SentenceBoundaryDetector

_FEED_CHARS: Final = 256
_CLAUSE_END: Final = re.compile(
    r"""[,;:.!?\u2026\u060c\u061b\u061f\u0964]["'\u2019\u201d\u00bb)\]]{0,3}\s+|[\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f]|\s[-\u2013\u2014]\s|\u2014|\n+"""
)
_OPENER: Final = re.compile(r"""(?<=\s)[*"'(\[\u00ab\u2018\u201c\u201e]{1,8}(?=[^\W\d_])""")
_CLOSER: Final = re.compile(r"(?<=[.!?\u2026])\*{1,8}")
_CASELESS_LETTER: Final = "\u00aa"
_WORD: Final = re.compile(r"[^\W_]")
# Mathematical signs, currencies, pictures; but not what is used to draw lines.
_NAMED_SYMBOLS: Final = frozenset({"Sm", "Sc", "So"})
_RULES: Final = frozenset("|~\u2502\u2500\u2550")
_JOINER: Final = "\u200d"
_GRAPHEME_CHARS_MAX: Final = 32

# Says of a text and a position in it whether what stands on both sides belongs together.
Joins = Callable[[str, int], bool]


@dataclass(frozen=True, slots=True)
class Piece:
    """The characters [start, end), and whether anything in them can be spoken."""

    start: int
    end: int
    is_speakable: bool


@dataclass(frozen=True, slots=True)
class CutLimits:
    """Lengths of pieces in characters: a soft one for the first piece, a hard one for all."""

    first_chars_max: int
    chars_max: int


class SentenceEnds:
    """Finds the ends of sentences in the characters [start, stop) of a text, looking no further than asked."""

    def __init__(self, text: str, start: int, stop: int, joins: Joins | None = None) -> None:
        self._text = text
        self._stop = stop
        self._joins = joins
        self.restart(start)

    def restart(self, at: int) -> None:
        """Forget what was seen and take `at` for the beginning of a sentence."""
        self._detector = SentenceBoundaryDetector()
        self._ends: deque[int] = deque()
        self._fed = at
        self._cursor = at

    def next_end(self, upto: int) -> int | None:
        """Return where the next sentence ends, its trailing white space included.

        upto:    how far the text may be looked at, rounded up to a chunk
        returns: None when no sentence ends that early; the end of the text ends the last one
        """
        while not self._ends and self._fed < min(upto, self._stop):
            self._feed()
        if self._ends:
            return self._ends[0]
        return self._stop if self._fed == self._stop and upto >= self._stop else None

    def drop(self) -> None:
        """Leave the sentence that `next_end` found behind."""
        if self._ends:
            self._ends.popleft()

    def _feed(self) -> None:
        until = min(self._fed + _FEED_CHARS, self._stop)
        chunk = _for_detector(self._text[self._fed : until])
        self._fed = until
        for sentence in self._detector.add_chunk(chunk):
            start = _skip_space(self._text, self._cursor, self._stop)
            self._cursor = start + len(sentence)
            end = _skip_space(self._text, self._cursor, self._stop)
            if self._joins is None or end == self._stop or not self._joins(self._text, end):
                self._ends.append(end)


def cut_pieces(text: str, start: int, stop: int, limits: CutLimits, joins: Joins | None = None) -> Iterator[Piece]:
    """Yield the pieces of the characters [start, stop), in order and without gaps.

    joins: says where neither a sentence nor a clause ends though a dot stands there
    A piece that holds nothing speakable joins a neighbour where both fit into the hard limit.
    """
    held: Piece | None = None
    for begin, end in _cut(text, start, stop, limits, joins):
        piece = Piece(begin, end, is_speakable(text, begin, end))
        if held is None:
            held = piece
        elif not (held.is_speakable and piece.is_speakable) and end - held.start <= limits.chars_max:
            held = Piece(held.start, end, held.is_speakable or piece.is_speakable)
        else:
            yield held
            held = piece
        if held.is_speakable and end < stop and text[end].isalnum():
            # What follows can be spoken, so nothing more will join this one: it need not wait.
            yield held
            held = None
    if held is not None:
        yield held


def is_speakable(text: str, start: int, end: int) -> bool:
    """Say whether the characters hold a letter, a digit, or a symbol with a name, such as an emoji or a plus."""
    if _WORD.search(text, start, end):
        return True
    return any(unicodedata.category(char) in _NAMED_SYMBOLS and char not in _RULES for char in text[start:end])


def _cut(text: str, start: int, stop: int, limits: CutLimits, joins: Joins | None) -> Iterator[tuple[int, int]]:
    ends = SentenceEnds(text, start, stop, joins)
    soft = min(limits.first_chars_max, limits.chars_max)
    while start < stop:
        hard_end = start + limits.chars_max
        end = ends.next_end(hard_end)
        if end is not None and end <= min(start + soft, hard_end):
            cut = end
        elif end is not None and end <= hard_end:
            cut = _clause_end(text, start, soft, end, joins) or end
        else:
            cut = _clause_end(text, start, soft, hard_end, joins) or _word_end(text, start, hard_end)
        if end is None:
            # The detector would look at the same characters again and again: a text without sentences is cut here.
            ends.restart(cut)
        elif cut == end:
            ends.drop()
        yield start, cut
        start = cut
        soft = limits.chars_max


def _clause_end(text: str, start: int, soft: int, hard_end: int, joins: Joins | None) -> int:
    """Return where the last clause ends that fits into `soft`, else the first after that, else 0."""
    best = 0
    for match in _CLAUSE_END.finditer(text, start + soft // 4, hard_end):
        if best and match.end() - start > soft:
            break
        if joins is None or not joins(text, match.end()):
            best = match.end()
    return best


def _word_end(text: str, start: int, hard_end: int) -> int:
    for index in range(hard_end - 1, start + (hard_end - start) // 2, -1):
        if text[index].isspace():
            return index + 1
    return _grapheme_end(text, start, hard_end)


def _grapheme_end(text: str, start: int, hard_end: int) -> int:
    for index in range(hard_end, max(start, hard_end - _GRAPHEME_CHARS_MAX), -1):
        if not (_extends(text[index]) or text[index - 1] == _JOINER):
            return index
    return hard_end


def _extends(char: str) -> bool:
    """Say whether a character belongs to the one before it (roughly Grapheme_Extend, joiners, skin tones)."""
    return unicodedata.category(char).startswith("M") or char == _JOINER or "\U0001f3fb" <= char <= "\U0001f3ff"


def _for_detector(chunk: str) -> str:
    """Replace what the detector trips over, character by character, so that its sentences can be counted off.

    It strips white space, which can be counted again, and Markdown's asterisks, which could not. It sees no end
    where the next sentence opens with a quotation mark or an asterisk, nor where one closes with an asterisk.
    """
    chunk = _OPENER.sub(_as_letters, chunk)
    if "*" in chunk:
        chunk = _CLOSER.sub(lambda match: ")" * len(match[0]), chunk).replace("*", "\u2217")
    return chunk


def _as_letters(match: re.Match[str]) -> str:
    following = match.string[match.end()]
    return match[0] if following.islower() else _CASELESS_LETTER * len(match[0])


def _skip_space(text: str, index: int, stop: int) -> int:
    while index < stop and text[index].isspace():
        index += 1
    return index
