"""Rules of moderation: what they find, what they pass over, and what is no rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.moderation import Action, Category, Severity
from echoless.volatile.speech.default_rules import DEFAULT_RULES
from echoless.volatile.speech.moderation_rules import Read, Rule, RuleBook, rules_from

pytestmark = pytest.mark.unit


def book(*phrases: str, reads: frozenset[Read] = frozenset({Read.TEXT})) -> RuleBook:
    return RuleBook([Rule(Category.FRAUD, Severity.FLAGGED, Action.PASSED, phrases, reads)])


def found(rules: RuleBook, text: str, read: Read = Read.TEXT) -> list[str]:
    return [text[match.start : match.end] for match in rules.matches(text, read)]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("gift cards", "Pay with gift cards now", ["gift cards"]),
        ("gift cards", "GIFT -- Cards", ["GIFT -- Cards"]),
        ("gift cards", "gift\n\ncards and gift cards", ["gift\n\ncards", "gift cards"]),
        ("gift cards", "gift of cards", []),
        ("gift card", "gift cards", []),
        ("gift card*", "gift cards", ["gift cards"]),
        ("extort*", "extortion, EXTORTING, distort", ["extortion", "EXTORTING"]),
        ("naïve plan", "a naive plan", ["naive plan"]),
        ("naive plan", "a nai\u0308ve plan", ["nai\u0308ve plan"]),
        ("bomb", "b\u200bo\u200bmb", ["b\u200bo\u200bmb"]),
        ("bomb", "\uff22\uff2f\uff2d\uff22!", ["\uff22\uff2f\uff2d\uff22"]),
        ("bomb", "bombastic", []),
        ("\u70b8\u5f39", "\u5236\u9020\u70b8\u5f39\u7684", ["\u70b8\u5f39"]),
        ("straße", "STRASSE", ["STRASSE"]),
        ("gift cards", 'gift <break time="0.1s"/> cards', ['gift <break time="0.1s"/> cards']),
        ("gift cards", "gift [whispers] cards", ["gift [whispers] cards"]),
        ("gift cards", "gi<emphasis>ft</emphasis> cards", ["gi<emphasis>ft</emphasis> cards"]),
        ("gift cards", "gift [cards]", ["gift [cards"]),
        ("gift cards", "gift < 3 cards", []),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrase: str, text: str, expected: list[str]) -> None:
    assert found(book(phrase), text) == expected


def test_a_rule_reads_only_what_it_is_for() -> None:
    rules = book("code word", reads=frozenset({Read.TRANSCRIPTS}))
    assert found(rules, "the code word", Read.TRANSCRIPTS) == ["code word"]
    assert found(rules, "the code word", Read.TEXT) == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_phrase_between_any_two_texts_is_found(before: str, after: str) -> None:
    """Only a letter or digit that touches it makes it another word."""
    text = f"{before} . gift cards . {after}"
    assert "gift cards" in [part.lower() for part in found(book("gift cards"), text)]


@given(st.text(max_size=300))
def test_places_lie_in_the_text(text: str) -> None:
    for match in book("a", "e", "the*").matches(text, Read.TEXT):
        assert 0 <= match.start < match.end <= len(text)


def test_a_file_of_rules_is_read() -> None:
    rules = rules_from(
        '[[rules]]\ncategory = "fraud"\nseverity = "severe"\naction = "refuse"\n'
        'reads = ["text", "transcripts"]\nphrases = ["one time code"]\n'
    )
    assert rules == (
        Rule(
            Category.FRAUD, Severity.SEVERE, Action.REFUSED, ("one time code",),
            frozenset({Read.TEXT, Read.TRANSCRIPTS}),
        ),
    )  # fmt: skip


_GOOD = '[[rules]]\ncategory = "fraud"\nseverity = "low"\nphrases = ["x y"]\n'


@pytest.mark.parametrize(
    "text",
    [
        "", "rules = 3", "not toml", "[[rules]]", "[[rule]]\n", _GOOD + "other = 1\n", "other = 1\n" + _GOOD,
        _GOOD.replace("fraud", "frauds"), _GOOD.replace("low", "lower"), _GOOD.replace('["x y"]', "[]"),
        _GOOD.replace('"x y"', '"..."'), _GOOD.replace('"x y"', '"ab*"'), _GOOD.replace('"x y"', "3"),
        _GOOD.replace('"x y"', '"' + "w " * 13 + '"'), _GOOD + 'action = "delete"\n', _GOOD + 'reads = ["audio"]\n',
    ],
)  # fmt: skip
def test_what_is_no_rule_is_told_without_its_phrases(text: str) -> None:
    with pytest.raises(EcholessError) as caught:
        rules_from(text)
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert "x y" not in caught.value.public_description


def test_the_rules_of_the_server_pass_over_texts_of_medicine_and_the_news() -> None:
    rules = RuleBook(DEFAULT_RULES)
    texts = (
        "The patient was asked about thoughts of suicide and self-harm, and whether he had a plan.",
        "Police found a pipe bomb near the school; nobody was hurt. The suspect had sent threats.",
        "The child was examined for signs of abuse. The court will hear the case of child sexual abuse.",
        "Never read the one-time code that we send you to anybody on the phone.",
        "He was killed in the war. I could kill for a coffee. Explosive growth in gift cards.",
    )
    assert [found(rules, text) for text in texts] == [[]] * len(texts)
    assert found(rules, "Please read me the one-time code now.") == ["read me the one-time code"]
