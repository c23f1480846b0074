"""The rules together: the first that speaks wins, edits are in order, and bounded patterns stay cheap."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.language_words import LANGUAGE_WORDS
from echoless.volatile.speech.number_rules import NumberRules
from echoless.volatile.speech.number_words import NumberWords

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def english() -> NumberRules:
    return NumberRules(LANGUAGE_WORDS["en"], NumberWords("en"))


def test_edits_touch_nothing_but_the_number(english: NumberRules) -> None:
    assert [(edit.start, edit.end, edit.replacement) for edit in english.edits("ab 12 cd")] == [(3, 5, "twelve")]


def test_the_more_particular_rule_wins(english: NumberRules) -> None:
    (edit,) = english.edits("2024-03-05")
    assert edit.replacement == "March fifth, twenty twenty-four"


@pytest.mark.parametrize("text", ["A4", "x.5", "COVID-19", "a/5", "1.2.", "٣"])
def test_digits_inside_a_word_are_left_alone(english: NumberRules, text: str) -> None:
    assert "".join(edit.replacement for edit in english.edits(text)) in ("", "one point two")


@pytest.mark.parametrize("unit", ["1 ", "1", "1,", "1-", "1.1.", "(1", "$1", "1/1", "00 ", "1:", "+1 2 3 4 5", "½"])
def test_edits_are_in_order_and_apart_on_hostile_input(english: NumberRules, unit: str) -> None:
    text = unit * 200
    reached = 0
    for edit in english.edits(text):
        assert reached <= edit.start < edit.end <= len(text)
        reached = edit.end
