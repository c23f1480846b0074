"""Amounts, measures, ranges, fractions, ordinals, telephone numbers and plain numbers of one language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from echoless.volatile.speech.language_words import Money
from echoless.volatile.speech.mapped_text import Edit
from echoless.volatile.speech.written_numbers import (
    DASH,
    END,
    MINUS,
    SPACE,
    NumberRule,
    Say,
    WrittenNumbers,
    compiled,
    whole,
)

VULGAR_FRACTIONS: Final = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
    "⅞": (7, 8),
}  # fmt: skip
_SCALES: Final = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion", "tn": "trillion"}
_TELEPHONES: Final = (
    r"(?:\+|00)\d{1,3}(?:[ ()./-]{1,2}\d{1,8}){1,6}",
    r"\(?\d{3,5}\)?(?:[ -]{1,2}\d{3,4}){1,2}-\d{3,8}",
    r"\d{3}-\d{4}",
    r"0\d(?:[ .-]\d{2}){4}",
    r"0\d{2,5}[ /-]\d{3,9}(?:[ -]\d{2,5}){0,3}",
)
_DIGITS: Final = re.compile(r"[0-9]+")


class QuantityRules:
    """The rules for quantities of one language."""

    def __init__(self, written: WrittenNumbers) -> None:
        """Take what reads the numbers."""
        self._written = written
        self._language = written.language
        self._numbers = written.numbers

    def rules(self) -> list[NumberRule]:
        """Return the rules, the most particular first."""
        return [NumberRule(compiled(pattern), say) for pattern, say in self._patterns()]

    def _patterns(self) -> Iterator[tuple[str, Say]]:
        number, money = self._written.pattern, self._written.money_pattern
        counted = "|".join([_alternatives(self._language.units), "%", money])
        scale = "()"
        if self._language.code == "en":
            scale = rf"(?:{SPACE}?(million|billion|trillion|bn|tn|[kKmMbB])\b)?"
        yield rf"({money}){SPACE}?({number}){DASH}(?:{money})?({number}){END}", self._money_range
        yield rf"({MINUS}?)({money}){SPACE}?({number}){scale}{END}", self._money
        yield rf"({MINUS}?{number}){SPACE}?({counted}){END}", self._measured
        if self._language.ordinal_suffixes:
            yield rf"(\d{{1,12}})({_alternatives(self._language.ordinal_suffixes)}){END}", self._ordinal
        for telephone in _TELEPHONES:
            yield telephone + END, self._telephone
        yield rf"({number}){SPACE}?{DASH}{SPACE}?({number})(?:{SPACE}?({counted}))?{END}", self._range
        yield rf"(?:(\d{{1,4}}){SPACE}?)?([{''.join(VULGAR_FRACTIONS)}]){END}", self._vulgar
        yield rf"(?:(\d{{1,4}}){SPACE})?(\d{{1,2}})[/\u2044](\d{{1,3}}){END}", self._fraction
        yield rf"{MINUS}?{number}{END}", self._plain
        yield rf"\d{{1,4}}(?:\.\d{{1,4}}){{2,7}}{END}", self._dotted
        yield rf"\d{{2,40}}{END}", self._long

    def _money(self, match: re.Match[str]) -> Sequence[Edit] | None:
        sign, symbol, written, scale = match.groups()
        money = self._language.money[symbol]
        if scale:
            word = _SCALES.get(scale.lower(), scale)
            return whole(match, f"{self._written.say(sign + written)} {word} {money.unit.forms[-1]}")
        return whole(match, self._say_amount(sign + written, money))

    def _say_amount(self, written: str, money: Money) -> str:
        units, decimals = self._written.parse(written)
        if len(decimals) != 2:
            said = self._written.say_count(written, money.unit)
            return f"{said} {self._written.plural(written, money.unit)}"
        amount = f"{self._written.say_count(str(units), money.unit)} {self._written.plural(str(units), money.unit)}"
        number = self._numbers.words(int(decimals), money.hundredth.gender)
        cents = f"{number} {self._written.plural(str(int(decimals)), money.hundredth)}"
        sign = self._written.sign(written)
        if not units or not int(decimals):
            return sign + (cents if int(decimals) else amount)
        hundredths = self._numbers.words(int(decimals))
        return sign + self._language.cents.format(amount=amount, cents=cents, hundredths=hundredths)

    def _money_range(self, match: re.Match[str]) -> Sequence[Edit] | None:
        symbol, first, last = match.groups()
        unit = self._language.money[symbol].unit
        said = f"{self._written.say(first)} {self._language.to} {self._written.say_count(last, unit)}"
        return whole(match, f"{said} {self._written.plural(last, unit)}")

    def _measured(self, match: re.Match[str]) -> Sequence[Edit] | None:
        written, what = match.groups()
        money = self._language.money.get(what)
        if money and len(self._written.parse(written)[1]) == 2:
            return whole(match, self._say_amount(written, money))
        return [Edit(match.start(1), match.start(2), self._say_counting(written, what)), self._counted(match, 1, 2)]

    def _range(self, match: re.Match[str]) -> Sequence[Edit] | None:
        first, last, what = match.groups()
        link = Edit(match.end(1), match.start(2), f" {self._language.to} ")
        if what is None:
            say = self._written.say_year_or_number
            return [Edit(*match.span(1), say(first)), link, Edit(*match.span(2), say(last))]
        counting = Edit(match.start(2), match.start(3), self._say_counting(last, what))
        return [Edit(*match.span(1), self._written.say(first)), link, counting, self._counted(match, 2, 3)]

    def _say_counting(self, written: str, what: str) -> str:
        """Say a number and the space after it."""
        if what == "%":
            return self._written.say(written) + " "
        money = self._language.money.get(what)
        return self._written.say_count(written, money.unit if money else self._language.units[what]) + " "

    def _counted(self, match: re.Match[str], number: int, what: int) -> Edit:
        if match[what] == "%":
            return Edit(*match.span(what), self._language.percent)
        money = self._language.money.get(match[what])
        noun = money.unit if money else self._language.units[match[what]]
        return Edit(*match.span(what), self._written.plural(match[number], noun))

    def _ordinal(self, match: re.Match[str]) -> Sequence[Edit] | None:
        form = "ordinal-" + self._language.ordinal_suffixes[match[2]]
        return whole(match, self._numbers.words(int(match[1]), form)) if self._numbers.has(form) else None

    def _telephone(self, match: re.Match[str]) -> Sequence[Edit] | None:
        groups = _DIGITS.findall(match[0])
        if not 7 <= sum(map(len, groups)) <= 16:
            return None
        return whole(match, ", ".join(self._numbers.digits(group) for group in groups))

    def _vulgar(self, match: re.Match[str]) -> Sequence[Edit] | None:
        return whole(match, self._say_fraction(match[1], *VULGAR_FRACTIONS[match[2]]))

    def _fraction(self, match: re.Match[str]) -> Sequence[Edit] | None:
        return whole(match, self._say_fraction(match[1], int(match[2]), int(match[3])))

    def _say_fraction(self, units: str | None, above: int, below: int) -> str:
        link = " "
        if below in self._language.fractions and 0 < above < below:
            one, several = self._language.fractions[below]
            said = f"{self._numbers.words(above, 'm')} {one if above == 1 else several}"
            link = " and " if self._language.code == "en" else " "
        else:
            said = f"{self._numbers.words(above)} {self._language.over} {self._numbers.words(below)}"
        return self._numbers.words(int(units)) + link + said if units else said

    def _plain(self, match: re.Match[str]) -> Sequence[Edit] | None:
        written = match[0]
        if written.isdecimal() and written[0] == "0" and len(written) > 1:
            return whole(match, self._numbers.digits(written))
        return whole(match, self._written.say_year_or_number(written))

    def _dotted(self, match: re.Match[str]) -> Sequence[Edit] | None:
        said = [self._numbers.words(int(part)) for part in match[0].split(".")]
        return whole(match, f" {self._language.point} ".join(said))

    def _long(self, match: re.Match[str]) -> Sequence[Edit] | None:
        return whole(match, self._numbers.digits(match[0]))


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
