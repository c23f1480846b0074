"""Rules of pronunciation dictionaries on a text: which rule holds where. (3)

Rules are tried in their order, each on the text as it was submitted; a place that an earlier rule has taken is not
taken again, and what a rule puts in is not looked at by another one. No pattern is compiled from a rule: the
compiler would keep it in its cache, and rules are content.
source: the wire contract, pronunciation dictionaries; W3C PLS 1.0 for the kinds of rules
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

_SHIELD: Final = "\u00aa"
"""A letter without upper or lower case: what is made of it is cut by nobody."""


@dataclass(frozen=True, slots=True)
class PronunciationRule:
    """How a string is said. Exactly one of `alias` and `phoneme` is not empty.

    alphabet: of the phonemes, `ipa` or `cmu-arpabet`
    """

    string: str = field(repr=False)
    alias: str = field(default="", repr=False)
    phoneme: str = field(default="", repr=False)
    alphabet: str = ""
    is_case_sensitive: bool = True
    has_word_boundaries: bool = True


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The characters [start, end) of a text, and the rule that holds for them."""

    start: int
    end: int
    rule: PronunciationRule = field(repr=False)


def find_matches(text: str, rules: Sequence[PronunciationRule]) -> list[RuleMatch]:
    """Return where rules hold, in the order of the text, without overlaps."""
    folded = "" if all(rule.is_case_sensitive for rule in rules) else _folded(text)
    starts: list[int] = []
    found: list[RuleMatch] = []
    for rule in rules:
        for start, end in _places(text if rule.is_case_sensitive else folded, text, rule):
            at = bisect_left(starts, start)
            is_free = (at == 0 or found[at - 1].end <= start) and (at == len(starts) or end <= starts[at])
            if is_free:
                starts.insert(at, start)
                found.insert(at, RuleMatch(start, end, rule))
    return found


def expanded_length(text: str, matches: Sequence[RuleMatch]) -> int:
    """Return how many characters a text has once its aliases are put in."""
    return len(text) + sum(
        len(match.rule.alias) - (match.end - match.start) for match in matches if match.rule.alias
    )


def shielded(text: str, matches: Sequence[RuleMatch]) -> str:
    """Return the text, equally long, so that nobody who cuts it into sentences cuts inside a match.

    The last character of a match stays: a sentence may end with it. A match of letters alone is left as it is.
    """
    parts: list[str] = []
    done = 0
    for match in matches:
        inner = text[match.start : match.end - 1]
        if inner and not inner.isalnum():
            parts += (text[done : match.start], _SHIELD * len(inner))
            done = match.end - 1
    return "".join((*parts, text[done:])) if parts else text


def within(matches: Sequence[RuleMatch], start: int, end: int) -> Iterator[RuleMatch]:
    """Yield the matches that lie in the characters [start, end)."""
    for index in range(bisect_left(matches, start, key=_start_of), len(matches)):
        if matches[index].start >= end:
            return
        if matches[index].end <= end:
            yield matches[index]


def _start_of(match: RuleMatch) -> int:
    return match.start


def _places(searched: str, text: str, rule: PronunciationRule) -> Iterator[tuple[int, int]]:
    string = rule.string if rule.is_case_sensitive else _folded(rule.string)
    start = searched.find(string) if string else -1
    while start >= 0:
        end = start + len(string)
        if not rule.has_word_boundaries or _is_whole_word(text, start, end):
            yield start, end
        start = searched.find(string, start + 1)


def _folded(text: str) -> str:
    """Return a text in lower case, character by character, so that it keeps its length."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _is_whole_word(text: str, start: int, end: int) -> bool:
    starts = start == 0 or not (text[start].isalnum() and text[start - 1].isalnum())
    ends = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
    return starts and ends
