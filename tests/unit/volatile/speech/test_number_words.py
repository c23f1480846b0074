"""Numbers as words, by CLDR's rules."""

from __future__ import annotations

from decimal import Decimal

import pytest

from echoless.volatile.speech.language_words import Noun
from echoless.volatile.speech.number_words import INTEGER_MAX, NumberWords

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("language", "number", "form", "said"),
    [
        ("en", 21, "plain", "twenty-one"),
        ("en", 1905, "year", "nineteen oh-five"),
        ("en", 3, "ordinal-m", "third"),
        ("de", 1, "f", "eine"),
        ("de", 3, "ordinal-n", "dritten"),
        ("es", 21, "m", "veintiún"),
        ("pl", 2, "f", "dwie"),
        ("pt", 2, "f", "duas"),
    ],
)
def test_forms_follow_the_language(language: str, number: int, form: str, said: str) -> None:
    assert NumberWords(language).words(number, form) == said


def test_digits_are_said_one_by_one() -> None:
    assert NumberWords("en").digits("0042") == "zero zero four two"


@pytest.mark.parametrize(("number", "form"), [("1", "a"), ("2", "b"), ("5", "c"), ("22", "b"), ("1.5", "d")])
def test_polish_nouns_have_four_forms(number: str, form: str) -> None:
    assert NumberWords("pl").plural(Noun(("a", "b", "c", "d")), Decimal(number)) == form


def test_a_form_that_the_language_lacks_is_said_to_be_missing() -> None:
    assert not NumberWords("pl").has("ordinal-m")
    assert NumberWords("fr").has("ordinal-f")


def test_the_largest_number_is_exact() -> None:
    assert NumberWords("en").words(INTEGER_MAX).endswith("nine hundred ninety-nine")


def test_a_larger_number_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        NumberWords("en").words(INTEGER_MAX + 1)


def test_a_hole_in_the_rules_leaves_digits_and_raises_nothing() -> None:
    numbers = NumberWords("en")
    numbers._engine.rulesets.clear()
    assert numbers.words(7) == "7"
