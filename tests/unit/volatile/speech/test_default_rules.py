"""The rules of a server whose operator has set none: each is one that a file could hold."""

from __future__ import annotations

import json

import pytest

from echoless.core.moderation import Action, Severity
from echoless.volatile.speech.default_rules import DEFAULT_RULES
from echoless.volatile.speech.moderation_rules import Read, Rule, RuleBook, rules_from

pytestmark = pytest.mark.unit
_ACTIONS = {Action.PASSED: "pass", Action.REFUSED: "refuse"}


def as_file(rule: Rule) -> str:
    return (
        f"[[rules]]\ncategory = {json.dumps(rule.category.value)}\nseverity = {json.dumps(rule.severity.value)}\n"
        f"action = {json.dumps(_ACTIONS[rule.action])}\nphrases = {json.dumps(list(rule.phrases))}\n"
    )


def test_every_rule_could_stand_in_a_file() -> None:
    assert rules_from("\n".join(as_file(rule) for rule in DEFAULT_RULES)) == DEFAULT_RULES


def test_what_is_grave_is_refused_and_nothing_is_read_in_recordings() -> None:
    assert all(rule.action is Action.REFUSED for rule in DEFAULT_RULES if rule.severity is Severity.SEVERE)
    assert all(rule.reads == {Read.TEXT} for rule in DEFAULT_RULES)


@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.category.value)
def test_every_phrase_finds_itself(rule: Rule) -> None:
    book = RuleBook(DEFAULT_RULES)
    for phrase in rule.phrases:
        assert rule in [match.rule for match in book.matches(phrase.replace("*", "ography"), Read.TEXT)]
