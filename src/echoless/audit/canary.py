"""Canaries: noise words that nobody else says, to be planted in requests and searched for afterwards.

All words of one run begin with the same random six letters, so that one search for that beginning finds every
word of every text; the six letters after it say which text it was. A word is the smallest thing that is found:
12 letters.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

# Pronounceable, lower case (engines lower what they speak), and no digits, which are spelled out before an engine.
_CONSONANTS: Final = "bdfgklmnprstvz"
_VOWELS: Final = "aeiou"
# A beginning of rare letters: ordinary text and program code do not hold it.
_RARE_CONSONANTS: Final = "qxzjvw"
_CYRILLIC: Final = "жщшцчф", "аиоуыэ"
ANCHOR_LETTERS: Final = 6
TAIL_LETTERS: Final = 6
SHORT_LETTERS: Final = 5


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted text; it prints as its name.

    name:     says where it was planted, for example `zero/stream/previous_text`
    is_kept:  False when it must be nowhere: planted with zero retention, or in a request that was refused
    words:    every unique word in it
    product:  that it was made for, as the catalogue of plantings names it
    telling_letters_min: shorter words of it may stand in what other programs write; 0 where nobody else says any
    """

    name: str
    is_kept: bool
    text: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    product: str = ""
    telling_letters_min: int = 0


class CanaryMint:
    """Makes canaries; each run has its own beginnings and never makes a word twice.

    seed:     for tests; None takes the system's randomness
    is_taken: tells of a word of five letters whether it is there before it was planted: any five bytes stand in
              some table of numbers
    """

    def __init__(self, seed: int | None = None, is_taken: Callable[[str], bool] = lambda word: False) -> None:
        fixed = random.Random(seed)  # noqa: S311  # repeatable words for tests; nothing secret is made of them
        self._random = random.SystemRandom() if seed is None else fixed
        self.anchor = self._syllables(_RARE_CONSONANTS, _VOWELS, ANCHOR_LETTERS)
        self.cyrillic_anchor = self._syllables(*_CYRILLIC, ANCHOR_LETTERS)
        self._taken: set[str] = set()
        self._is_taken = is_taken
        self.canaries: list[Canary] = []
        self.product = ""

    def plain(self, name: str, characters: int, *, is_kept: bool) -> Canary:
        """Return a text of about so many ASCII characters in one clause."""
        words = [self._word(self.anchor) for _ in range(max(1, (characters + 1) // 13))]
        return self._made(name, is_kept, " ".join(words), words)

    def accented(self, name: str, *, is_kept: bool) -> Canary:
        """Return a text with letters beyond ASCII, which Python keeps in one byte each and JSON escapes."""
        words = [self._word(self.anchor) for _ in range(6)]
        return self._made(name, is_kept, " é ".join(words), words)

    def cyrillic(self, name: str, *, is_kept: bool) -> Canary:
        """Return a text in another script, which Python keeps in two bytes a character."""
        words = [self._word(self.anchor) for _ in range(3)] + [self._word(self.cyrillic_anchor) for _ in range(3)]
        return self._made(name, is_kept, " ".join(words), words)

    def emoji(self, name: str, *, is_kept: bool) -> Canary:
        """Return a text with emoji, which Python keeps in four bytes a character."""
        words = [self._word(self.anchor) for _ in range(6)]
        return self._made(name, is_kept, " \N{GRINNING FACE} ".join(words), words)

    def short(self, name: str, *, is_kept: bool) -> Canary:
        """Return a clause of five letters, all of it one rare word."""
        while True:
            word = self._syllables(_RARE_CONSONANTS, _VOWELS, SHORT_LETTERS)
            if word in self._taken or self.anchor.startswith(word):
                continue
            self._taken.add(word)
            if not self._is_taken(word):
                break
        return self._made(name, is_kept, word, [word])

    def keep_only(self, is_wanted: Callable[[Canary], bool]) -> None:
        """Forget canaries that are not going to be planted."""
        self.canaries = [canary for canary in self.canaries if is_wanted(canary)]

    def where(self, *, is_kept: bool) -> tuple[Canary, ...]:
        """Return the canaries that are kept, or those that must be nowhere."""
        return tuple(canary for canary in self.canaries if canary.is_kept is is_kept)

    def _made(self, name: str, is_kept: bool, text: str, words: list[str]) -> Canary:
        canary = Canary(name, is_kept, text, tuple(words), self.product)
        self.canaries.append(canary)
        return canary

    def _word(self, anchor: str) -> str:
        letters = _CYRILLIC if anchor == self.cyrillic_anchor else (_CONSONANTS, _VOWELS)
        while True:
            word = anchor + self._syllables(*letters, TAIL_LETTERS)
            if word not in self._taken:
                self._taken.add(word)
                return word

    def _syllables(self, consonants: str, vowels: str, letters: int) -> str:
        return "".join(self._random.choice(vowels if place % 2 else consonants) for place in range(letters))
