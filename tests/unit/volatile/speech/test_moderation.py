"""Moderation as a flow: pieces in, verdicts out, nothing held but the end of what was read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.core.moderation import Action, Category, Severity
from echoless.volatile.speech.moderation import (
    EXCERPT_MARGIN,
    EXCERPTS_MAX,
    Finding,
    ModelPolicy,
    ReviewFlow,
    Source,
    Verdict,
    counts_of,
    reviewed,
)
from echoless.volatile.speech.moderation_rules import Rule, RuleBook

pytestmark = pytest.mark.unit

BOOK = RuleBook(
    [
        Rule(Category.FRAUD, Severity.FLAGGED, Action.PASSED, ("one time code",)),
        Rule(Category.ILLICIT, Severity.SEVERE, Action.REFUSED, ("pipe bomb",)),
    ]
)
KEY = (Category.FRAUD, Severity.FLAGGED, Action.PASSED)


def kinds(verdict: Verdict) -> list[tuple[Category, Severity, Action, Source]]:
    return [(found.category, found.severity, found.action, found.source) for found in verdict.findings]


def test_a_text_that_says_nothing_wrong_has_an_empty_verdict() -> None:
    verdict = reviewed(BOOK, ["Good morning."])
    assert verdict == Verdict()
    assert not verdict.is_refused


def test_a_text_counts_once_for_each_kind_and_is_refused_where_a_rule_says_so() -> None:
    verdict = reviewed(BOOK, ["one time code, one time code", "a pipe bomb"])
    assert kinds(verdict) == [
        (*KEY, Source.RULES),
        (Category.ILLICIT, Severity.SEVERE, Action.REFUSED, Source.RULES),
    ]
    assert verdict.is_refused
    assert counts_of(verdict)[KEY] == 2


def test_an_excerpt_has_what_stands_around_and_no_more() -> None:
    text = "x" * 500 + " one time code " + "y" * 500
    [finding] = reviewed(BOOK, [text]).findings
    assert [len(excerpt) for excerpt in finding.excerpts] == [2 * EXCERPT_MARGIN + len("one time code")]
    assert "xxx" not in repr(finding)


def test_excerpts_are_bounded() -> None:
    [finding] = reviewed(BOOK, ["one time code. " * 100]).findings
    assert len(finding.excerpts) == EXCERPTS_MAX


@given(st.integers(min_value=1, max_value=60), st.text(alphabet="ab ", max_size=40))
def test_a_phrase_across_a_seam_is_found_once(cut: int, before: str) -> None:
    text = f"{before} . one time code . and more of it "
    flow = ReviewFlow(BOOK)
    verdicts = [flow.hear(TextContent(text[start : start + cut])) for start in range(0, len(text), cut)]
    assert sum(len(verdict.findings) for verdict in verdicts) >= 1
    again = flow.hear(TextContent(" nothing new"))
    assert again == Verdict()


def test_a_tag_that_parts_a_phrase_across_pieces_hides_nothing() -> None:
    """A listener hears no tag: not one of the longest kind, nor one that comes in two pieces."""
    flow = ReviewFlow(BOOK)
    text = f'a pipe <break{" " * 180}time="0.1s"/> bomb'
    verdicts = [flow.hear(TextContent(text[start : start + 20])) for start in range(0, len(text), 20)]
    assert [verdict.is_refused for verdict in verdicts] == [False] * (len(verdicts) - 1) + [True]


def test_what_was_read_long_ago_is_not_held() -> None:
    flow = ReviewFlow(BOOK)
    flow.hear(TextContent("secret " + "z" * 5000))
    assert "secret" not in flow._tail
    flow.forget()
    assert flow._tail == ""


def test_a_models_flags_follow_the_operators_policy() -> None:
    policy = ModelPolicy(refused=frozenset({Category.HATE}))
    text = TextContent("something")
    assert policy.verdict([], text) == Verdict()
    verdict = policy.verdict([Category.HATE, Category.SEXUAL_MINORS, Category.HATE], text)
    assert verdict.findings == (
        Finding(Category.HATE, Severity.FLAGGED, Action.REFUSED, Source.MODEL, verdict.findings[0].excerpts),
        Finding(Category.SEXUAL_MINORS, Severity.SEVERE, Action.PASSED, Source.MODEL, verdict.findings[1].excerpts),
    )
