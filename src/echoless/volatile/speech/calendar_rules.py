"""Dates and times of day, as they are read aloud in one language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from echoless.volatile.speech.german_ordinals import agrees, form_before, ordinal_form, words_before
from echoless.volatile.speech.mapped_text import Edit
from echoless.volatile.speech.written_numbers import END, SPACE, NumberRule, Say, WrittenNumbers, compiled, whole

_HOURS, _MINUTES, _MONTHS, _DAYS = range(25), range(60), range(1, 13), range(1, 32)
_CLOCK: Final = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_HALF_DAY: Final = rf"{SPACE}?([AaPp])\.?[Mm]\b\.?"
_ENGLISH_MONTH: Final = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_FIRST_IS_ORDINAL: Final = frozenset({"fr", "es", "it", "pt"})


class CalendarRules:
    """The rules for dates and times of one language."""

    def __init__(self, written: WrittenNumbers) -> None:
        """Take what reads the numbers."""
        self._language = written.language
        self._numbers = written.numbers
        self.month_first = _ENGLISH_MONTH if self._language.is_month_first else "(?!)"

    def rules(self) -> list[NumberRule]:
        """Return the rules, the most particular first."""
        return [NumberRule(compiled(pattern), say) for pattern, say in self._patterns()]

    def _patterns(self) -> Iterator[tuple[str, Say]]:
        yield rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:[T ](\d{{2}}):(\d{{2}})(?::\d{{2}})?Z?)?{END}", self._iso_date
        yield rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(\d{{4}}){END}", self._numeric_date
        match self._language.code:
            case "en":
                day, year = r"(\d{1,2})(?:st|nd|rd|th)?", rf"(?:(,?){SPACE}(\d{{4}}))?"
                yield rf"({_ENGLISH_MONTH}){SPACE}{day}{year}{END}", self._month_day
                yield rf"{day}{SPACE}({_ENGLISH_MONTH}){year}{END}", self._day_month
                yield rf"(\d{{2}}|\d{{4}})['\u2019]?s{END}", self._decade
                yield rf"{_CLOCK}{_HALF_DAY}{END}", self._half_day_time
                yield rf"(\d{{1,2}})()(){_HALF_DAY}{END}", self._half_day_time
            case "de":
                months = "|".join(self._language.months)
                yield rf"(\d{{1,2}})\.{SPACE}({months})(?:{SPACE}(\d{{4}}))?{END}", self._german_date
                yield r"(\d{1,2})\.(\d{1,2})\.(?!\d)", self._german_day
                yield r"(\d{1,3})\.(?!\d)", self._german_ordinal
                yield rf"{_CLOCK}{SPACE}Uhr{END}", self._time
            case "fr":
                yield rf"(\d{{1,2}}){SPACE}?h{SPACE}?(\d{{2}})?(){END}", self._time
        yield rf"{_CLOCK}{END}", self._time

    def _iso_date(self, match: re.Match[str]) -> Sequence[Edit] | None:
        year, month, day, hour, minute = match.groups()
        said = self._say_date(int(day), int(month), int(year), match)
        if said is None or hour is None:
            return whole(match, said) if said else None
        time = self._say_time(int(hour), int(minute))
        return whole(match, f"{said}, {time}") if time else None

    def _numeric_date(self, match: re.Match[str]) -> Sequence[Edit] | None:
        first, mark, second, year = match.groups()
        day, month = int(first), int(second)
        if self._language.is_month_first and mark == "/" and day in _MONTHS:
            day, month = month, day
        said = self._say_date(day, month, int(year), match)
        return whole(match, said) if said else None

    def _say_date(self, day: int, month: int, year: int, match: re.Match[str]) -> str | None:
        if month not in _MONTHS or day not in _DAYS:
            return None
        name, said_year = self._language.months[month - 1], self._numbers.words(year, "year")
        if self._language.code == "en":
            return f"{name} {self._numbers.words(day, 'ordinal-m')}, {said_year}"
        if self._language.code == "de":
            return f"{self._numbers.words(day, _german_form(match))} {name} {said_year}"
        is_ordinal = day == 1 and self._language.code in _FIRST_IS_ORDINAL
        said_day = self._numbers.words(day, "ordinal-m" if is_ordinal else "plain")
        link = " de " if self._language.code in ("es", "pt") else " "
        return f"{said_day}{link}{name}{link}{said_year}"

    def _month_day(self, match: re.Match[str]) -> Sequence[Edit] | None:
        if int(match[2]) not in _DAYS:
            return None
        day = Edit(match.start(2), _year_start(match), self._numbers.words(int(match[2]), "ordinal-m"))
        return [self._month(match, 1), day, *self._year(match)]

    def _day_month(self, match: re.Match[str]) -> Sequence[Edit] | None:
        if int(match[1]) not in _DAYS:
            return None
        day = Edit(match.start(), match.start(2), f"the {self._numbers.words(int(match[1]), 'ordinal-m')} of ")
        month = Edit(match.start(2), _year_start(match), self._full_month(match[2]))
        return [day, month, *self._year(match)]

    def _month(self, match: re.Match[str], group: int) -> Edit:
        return Edit(match.start(group), match.end(group), self._full_month(match[group]))

    def _full_month(self, written: str) -> str:
        return next(month for month in self._language.months if month.startswith(written[:3]))

    def _year(self, match: re.Match[str]) -> list[Edit]:
        if not match[4]:
            return []
        return [Edit(match.start(3), match.end(4), ", " + self._numbers.words(int(match[4]), "year"))]

    def _german_date(self, match: re.Match[str]) -> Sequence[Edit] | None:
        day, _, year = match.groups()
        if int(day) not in _DAYS:
            return None
        edits = [Edit(match.start(1), match.end(1) + 1, self._numbers.words(int(day), _german_form(match)))]
        if year:
            edits.append(Edit(match.start(3), match.end(3), self._numbers.words(int(year), "year")))
        return edits

    def _german_day(self, match: re.Match[str]) -> Sequence[Edit] | None:
        """Say a date without a year, where the word before shows that it is no other number."""
        day, month = int(match[1]), int(match[2])
        if day not in _DAYS or month not in _MONTHS or not agrees(words_before(match.string, match.start())):
            return None
        return whole(match, f"{self._numbers.words(day, _german_form(match))} {self._language.months[month - 1]}")

    def _german_ordinal(self, match: re.Match[str]) -> Sequence[Edit] | None:
        form = ordinal_form(match.string, match.start(1), match.end(1))
        return whole(match, self._numbers.words(int(match[1]), form)) if form else None

    def _decade(self, match: re.Match[str]) -> Sequence[Edit] | None:
        number = int(match[1])
        if number % 10 or not (20 <= number <= 90 or 1_100 <= number <= 2_090):
            return None
        said = self._numbers.words(number, "year")
        return whole(match, said[:-1] + "ies" if said.endswith("y") else said + "s")

    def _half_day_time(self, match: re.Match[str]) -> Sequence[Edit] | None:
        said = self._say_time(int(match[1]), int(match[2] or 0), match[4])
        return whole(match, said) if said else None

    def _time(self, match: re.Match[str]) -> Sequence[Edit] | None:
        said = self._say_time(int(match[1]), int(match[2] or 0))
        if said and match[3]:
            said = f"{said} {self._numbers.words(int(match[3]))}" if int(match[3]) in _MINUTES else None
        return whole(match, said) if said else None

    def _say_time(self, hour: int, minute: int, half_day: str | None = None) -> str | None:
        if hour not in _HOURS or minute not in _MINUTES:
            return None
        said_hour, said_minute = self._numbers.words(hour, self._language.time_gender), self._numbers.words(minute)
        if self._language.code == "en":
            said_minute = f"oh {said_minute}" if minute < 10 else said_minute
            if half_day:
                return f"{said_hour} {said_minute + ' ' if minute else ''}{half_day.upper()} M"
            if minute == 0 and (hour == 0 or hour > 12):
                return f"{said_hour} hundred"
        return self._language.times[1 if minute else 0].format(hour=said_hour, minute=said_minute)


def _german_form(match: re.Match[str]) -> str:
    """Return the form of the day in a date; all months are masculine."""
    return form_before(words_before(match.string, match.start()), "Mai")


def _year_start(match: re.Match[str]) -> int:
    return match.start(3) if match[4] else match.end()
