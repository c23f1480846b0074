"""Markup inside a text: pauses, and other SSML elements whose tags are not spoken.

`<break time="1.5s"/>` and `<break strength="strong"/>` become silence, at most three seconds each. The tags of the
other SSML elements are dropped and what they enclose is spoken. Everything else with a `<` is ordinary text: people
write "a < b" and want it read. One pass, no backtracking: a tag cannot contain `<` and is at most 200 long.
source: W3C SSML 1.1 (names, strengths); the wire protocol (three seconds at most).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PAUSE_MS_MAX: Final = 3_000
# Stand-ins of one character for each character of a tag: text keeps its length while it is cut into sentences.
# Neither means anything to a listener: a Unicode noncharacter, and the line separator (which is white space).
DROPPED: Final = "\ufdd0"
SPACED: Final = "\u2028"

_BREAK: Final = re.compile(r"<break\b([^<>]{0,200})>(?:\s{0,20}</break\s?>)?", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?P<name>speak|paragraph|sentence|p|s|emphasis|prosody|phoneme|say-as|sub|lang|voice|audio|mark|w|token|break)"
    r"(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_BLOCKS: Final = frozenset({"speak", "paragraph", "sentence", "p", "s", "break"})
_TIME: Final = re.compile(r"""\btime\s?=\s?["'\u201c\u201d]?\+?(\d{0,9}(?:\.\d{1,9})?)\s?(ms|s)\b""", re.IGNORECASE)
_STRENGTH: Final = re.compile(r"""\bstrength\s?=\s?["']?\s?([a-z-]{1,10})""", re.IGNORECASE)
_STRENGTH_MS: Final = {"none": 0, "x-weak": 100, "weak": 250, "medium": 500, "strong": 800, "x-strong": 1_200}


@dataclass(frozen=True, slots=True)
class Break:
    """A break's tag, the characters [start, end), and how long it is silent."""

    start: int
    end: int
    pause_ms: int


def find_breaks(text: str) -> Iterator[Break]:
    """Yield the breaks of a text, its tags not masked, in order and lazily."""
    if "<" in text:
        for match in _BREAK.finditer(text):
            yield Break(match.start(), match.end(), _pause_ms(match[1]))


def mask_tags(text: str) -> str:
    """Return the text with tags replaced by stand-ins; its length stays the same."""
    return _TAG.sub(_mask, text) if "<" in text else text


def _mask(match: re.Match[str]) -> str:
    stand_in = SPACED if match["name"].lower() in _BLOCKS else DROPPED
    return stand_in * (match.end() - match.start())


def _pause_ms(attributes: str) -> int:
    if (time := _TIME.search(attributes)) and time[1]:
        number = float(time[1]) * (1 if time[2].lower() == "ms" else 1_000)
        return min(round(number), PAUSE_MS_MAX)
    strength = _STRENGTH.search(attributes)
    return _STRENGTH_MS.get(strength[1].lower() if strength else "medium", _STRENGTH_MS["medium"])
