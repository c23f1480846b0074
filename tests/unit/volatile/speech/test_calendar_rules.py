"""Dates and times: the right order of day and month, and no date that no calendar has."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.mapped_text import identity
from echoless.volatile.speech.normalize import NumberSpeller

pytestmark = pytest.mark.unit


def _said(language: str, text: str) -> str:
    return NumberSpeller(language)(identity(text, 0, len(text))).text


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "04/03/2024", "April third, twenty twenty-four"),
        ("en", "13/03/2024", "March thirteenth, twenty twenty-four"),
        ("en", "4.3.2024", "March fourth, twenty twenty-four"),
        ("fr", "04/03/2024", "quatre mars deux mille vingt-quatre"),
        ("it", "01/03/2024", "primo marzo duemilaventiquattro"),
        ("nl", "04-03-2024", "vier maart tweeduizendvierentwintig"),
    ],
)
def test_day_and_month_stand_as_the_language_writes_them(language: str, text: str, said: str) -> None:
    assert _said(language, text) == said


@pytest.mark.parametrize("text", ["2024-13-01", "2024-00-10", "2024-01-32", "31/31/2024", "25:00", "12:60"])
def test_impossible_dates_and_times_are_left_as_written(text: str) -> None:
    assert _said("en", text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("am 3. Mai", "am dritten Mai"),
        ("vom 3. Mai", "vom dritten Mai"),
        ("Freitag, 3. Mai", "Freitag, dritter Mai"),
    ],
)
def test_german_dates_agree_with_the_word_before(text: str, said: str) -> None:
    assert _said("de", text) == said


@pytest.mark.parametrize(
    ("text", "said"), [("'90s", "'nineties"), ("1900s", "nineteen hundreds"), ("1985s", "1985s"), ("10s", "10s")]
)
def test_decades_end_in_zero(text: str, said: str) -> None:
    assert _said("en", text) == said


def test_midnight_and_noon_have_an_hour() -> None:
    assert _said("en", "00:00 and 12:00") == "zero hundred and twelve o'clock"
    assert _said("de", "0:00 Uhr") == "null Uhr"
