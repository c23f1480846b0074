"""Where a text that is still being written may be cut so that what comes before it can be spoken. (3)

Sentences come from sentence-stream; it only trusts an end once it has seen what follows, so the end of what has
been written so far is judged here. Pure; linear in the length of the text.
"""

from __future__ import annotations

import re
from typing import Final

from sentence_stream.sentence_stream import ABBREVIATION_RE

from echoless.volatile.speech.segment import SentenceEnds

_LAST_MARK: Final = re.compile(
    r"""([.!?,;:\u2026\u060c\u061b\u061f\u0964\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u2014\u2013]["'\u2019\u201d\u00bb)\]]{0,3})\s*$"""
)
_LOOK_BACK: Final = 16
_ABBREVIATION_CHARACTERS: Final = 5
# Marks inside a sentence. Stops are left to the splitter of sentences, which knows abbreviations and numbers.
_INNER_MARK: Final = re.compile(
    r"""[,;:\u060c\u061b]["'\u2019\u201d\u00bb)\]]{0,3}\s+|[\u3001\uff0c\uff1b\uff1a]|\s[-\u2013\u2014]\s|\u2014|\n+"""
)
_TAG_CHARACTERS_MAX: Final = 200
_MARKS: Final = frozenset(".!?,;:\u2026)]}\"'\u201d\u2019")


def ends_phrase(text: str, stop: int | None = None) -> bool:
    """Say whether a text ends where a speaker could pause: at a mark that is no part of an abbreviation or number.

    stop: look at so many characters only. No piece of the text is copied: short copies are what allocators keep
    """
    stop = len(text) if stop is None else stop
    match = _LAST_MARK.search(text, max(0, stop - _LOOK_BACK), stop)
    if match is None:
        return text.endswith("\n", 0, stop)
    if ABBREVIATION_RE.search(text, max(0, match.end(1) - _ABBREVIATION_CHARACTERS), match.end(1)) is not None:
        return False
    # "3." and "1," may go on with more digits, unless a space came.
    has_digit = match.start(1) > 0 and text[match.start(1) - 1].isdigit()
    return not (has_digit and match.end(1) == stop)


def is_blank(text: str) -> bool:
    """Say whether a text has nothing but white space."""
    return not text or text.isspace()


def bare_length(text: str) -> int:
    """Return how many characters a text has between the white space at its ends."""
    start, stop = 0, len(text)
    while start < stop and text[start].isspace():
        start += 1
    while start < stop and text[stop - 1].isspace():
        stop -= 1
    return stop - start


def ends_word(text: str) -> bool:
    """Say whether a text ends between two words."""
    return bool(text) and (text[-1].isspace() or text[-1] in _MARKS)


def last_phrase_end(text: str, stop: int) -> int:
    """Return where the last phrase ends that is complete within the first `stop` characters, 0 for none."""
    best = 0
    ends = SentenceEnds(text, 0, stop)
    while (end := ends.next_end(stop)) is not None and end < stop:
        best = end
        ends.drop()
    for match in _INNER_MARK.finditer(text, best, stop):
        best = match.end()
    return stop if ends_phrase(text, stop) else best


def last_word_end(text: str, stop: int) -> int:
    """Return where the last word ends that is complete within the first `stop` characters, 0 for none."""
    for index in range(stop - 1, -1, -1):
        if text[index].isspace():
            return index + 1
    return 0


def uncut_from(text: str, opener: str = "<", closer: str = ">") -> int:
    """Return from where on a text must not be cut: where a tag begins that has not ended yet, else its length."""
    start = text.rfind(opener)
    is_open = start >= 0 and closer not in text[start:] and len(text) - start <= _TAG_CHARACTERS_MAX
    return start if is_open else len(text)
