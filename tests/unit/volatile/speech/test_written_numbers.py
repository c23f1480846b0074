"""Reading written numbers: marks of groups and decimals by language."""

from __future__ import annotations

import re

import pytest

from echoless.volatile.speech.language_words import LANGUAGE_WORDS
from echoless.volatile.speech.number_words import NumberWords
from echoless.volatile.speech.written_numbers import WrittenNumbers, compiled

pytestmark = pytest.mark.unit


def _written(language: str) -> WrittenNumbers:
    return WrittenNumbers(LANGUAGE_WORDS[language], NumberWords(language))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "1,234,567.89", (1_234_567, "89")),
        ("en", "1.234", (1, "234")),
        ("de", "1.234.567,89", (1_234_567, "89")),
        ("de", "1.234", (1_234, "")),
        ("de", "3.14", (3, "14")),
        ("fr", "1\u202f234,5", (1_234, "5")),
        ("fr", "1 234", (1_234, "")),
        ("en", "-5", (5, "")),
        ("en", "\u22125", (5, "")),
    ],
)
def test_marks_are_read_as_the_language_writes_them(language: str, text: str, expected: tuple[int, str]) -> None:
    assert _written(language).parse(text) == expected


@pytest.mark.parametrize("text", ["1,23,4", "1234,567", "1,,2", "1." + "1" * 13])
def test_what_is_no_number_is_not_taken_for_one(text: str) -> None:
    assert re.fullmatch(_written("en").pattern, text) is None


def test_digits_of_other_scripts_are_left_to_the_engine() -> None:
    assert compiled(r"\d").match("\u0663") is None


def test_four_digits_are_a_year_only_in_the_range_of_years() -> None:
    written = _written("en")
    assert written.say_year_or_number("1984") == "nineteen eighty-four"
    assert written.say_year_or_number("1000") == "one thousand"
    assert written.say_year_or_number("3000") == "three thousand"


def test_short_decimals_are_one_number_where_the_language_says_so() -> None:
    assert _written("fr").say("3,14") == "trois virgule quatorze"
    assert _written("fr").say("3,05") == "trois virgule zéro cinq"
    assert _written("de").say("3,14") == "drei Komma eins vier"
