"""Quantities: what is counted agrees with its number."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.mapped_text import identity
from echoless.volatile.speech.normalize import NumberSpeller

pytestmark = pytest.mark.unit


def _said(language: str, text: str) -> str:
    return NumberSpeller(language)(identity(text, 0, len(text))).text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("£1.01", "one pound and one penny"),
        ("£2.50", "two pounds and fifty pence"),
        ("$0.00", "zero dollars"),
        ("$1.234", "one point two three four dollars"),
        ("-20%", "minus twenty percent"),
        ("1 ft and 2 ft", "one foot and two feet"),
        ("1-2 kg", "one to two kilograms"),
        ("€5\u201310", "five to ten euros"),
    ],
)
def test_nouns_agree_with_their_numbers(text: str, said: str) -> None:
    assert _said("en", text) == said


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("de", "1 min", "eine Minute"),
        ("es", "1 £", "una libra"),
        ("fr", "21 min", "vingt-et-une minutes"),
        ("pl", "2 min", "dwie minuty"),
        ("pl", "22 kg", "dwadzieścia dwa kilogramy"),
    ],
)
def test_numbers_agree_with_the_gender_of_what_they_count(language: str, text: str, said: str) -> None:
    assert _said(language, text) == said


@pytest.mark.parametrize("text", ["12", "1234-56", "+1 2 3"])
def test_too_few_digits_are_no_telephone_number(text: str) -> None:
    assert ", " not in _said("en", text)


@pytest.mark.parametrize(
    ("text", "said"), [("3/4", "three quarters"), ("5/4", "five over four"), ("0/4", "zero over four")]
)
def test_only_proper_fractions_have_names(text: str, said: str) -> None:
    assert _said("en", text) == said


def test_a_language_without_ordinal_rules_leaves_them_as_written() -> None:
    assert _said("pl", "3e") == "3e"
