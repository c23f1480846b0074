"""What numbers look like in one language and how they are said; the ground that the rules stand on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from echoless.volatile.speech.language_words import LanguageWords, Noun
from echoless.volatile.speech.mapped_text import Edit
from echoless.volatile.speech.number_words import NumberWords

# What a rule says: edits within its match, or None when it declines after a closer look.
Say = Callable[[re.Match[str]], "Sequence[Edit] | None"]

MINUS: Final = "[-\u2212]"
DASH: Final = "[-\u2010\u2011\u2012\u2013\u2014]"
SPACE: Final = "[ \u00a0\u202f]"
# After a number: nothing that would make a part of a longer one out of it.
END: Final = r"(?![^\W_])(?![.,:/\u2010-\u2015-]\d)"
_YEARS: Final = range(1_100, 2_100)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """A pattern and what it says."""

    pattern: re.Pattern[str]
    say: Say


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a rule's pattern. Its digits are the ASCII ones: others are left to the engine."""
    return re.compile(pattern.replace(r"\d", "[0-9]"))


def whole(match: re.Match[str], said: str) -> list[Edit]:
    """Say the match as one."""
    return [Edit(match.start(), match.end(), said)]


def between(match: re.Match[str], first: int, second: int, said: str) -> Edit:
    """Say what stands between two groups, if anything; else add it to the end of the first."""
    return Edit(match.end(first), match.start(second), said)


class WrittenNumbers:
    """Reads numbers as they are written in one language."""

    def __init__(self, language: LanguageWords, numbers: NumberWords) -> None:
        """Make the patterns; they depend on the language alone."""
        self.language = language
        self.numbers = numbers
        groups, mark = re.escape(language.group_marks), re.escape(language.decimal_mark)
        marks = f"{mark}." if language.decimal_mark != "." else mark
        grouped = rf"\d{{1,3}}(?:[{groups}]\d{{3}}){{1,4}}(?![{groups}]?\d)(?:[{mark}]\d{{1,12}})?"
        self.pattern = rf"(?:{grouped}|\d{{1,15}}(?:[{marks}]\d{{1,12}})?)"
        self.money_pattern = "|".join(re.escape(symbol) for symbol in language.money)
        self._grouped = compiled(rf"(\d{{1,3}}(?:[{groups}]\d{{3}})+)(?:[{mark}](\d+))?")

    def parse(self, written: str) -> tuple[int, str]:
        """Split a number, a minus before it ignored, into its whole part and the digits of its decimals."""
        written = written.lstrip("-\u2212")
        if grouped := self._grouped.fullmatch(written):
            return int("".join(char for char in grouped[1] if char.isdigit())), grouped[2] or ""
        units, _, decimals = written.replace(",", ".").partition(".")
        return int(units), decimals

    def say(self, written: str, form: str = "plain") -> str:
        """Say a number, a minus before it included."""
        number, decimals = self.parse(written)
        said = self.numbers.words(number, "plain" if decimals else form)
        if decimals:
            said = f"{said} {self.language.point} {self._say_decimals(decimals)}"
        return self.sign(written) + said

    def say_count(self, written: str, noun: Noun) -> str:
        """Say a number that counts something, without the thing."""
        return self.say(written, noun.gender)

    def plural(self, written: str, noun: Noun) -> str:
        """Return the form of the noun that goes with a number."""
        number, decimals = self.parse(written)
        return self.numbers.plural(noun, Decimal(f"{number}.{decimals}" if decimals else number))

    def say_year_or_number(self, written: str) -> str:
        """Say four digits in the range of years as a year."""
        if len(written) == 4 and written.isdecimal() and int(written) in _YEARS:
            return self.numbers.words(int(written), "year")
        return self.say(written)

    def sign(self, written: str) -> str:
        """Return the word for a minus, or nothing."""
        return self.language.minus + " " if written[0] in "-\u2212" else ""

    def _say_decimals(self, decimals: str) -> str:
        if self.language.decimals_as_number and len(decimals) <= 2 and decimals[0] != "0":
            return self.numbers.words(int(decimals))
        return self.numbers.digits(decimals)
