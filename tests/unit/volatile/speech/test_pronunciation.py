"""Rules on a text: the first that fits wins, nothing overlaps, and the characters still find their way back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.ports import TextOptions, Utterance
from echoless.volatile.speech.pronunciation import (
    PronunciationRule,
    expanded_length,
    find_matches,
    shielded,
    within,
)

pytestmark = pytest.mark.unit
_RULES = st.lists(
    st.builds(
        PronunciationRule,
        st.text("ab. ", min_size=1, max_size=4),
        st.text("xyz", min_size=1, max_size=9),
        is_case_sensitive=st.booleans(),
        has_word_boundaries=st.booleans(),
    ),
    max_size=6,
)


def found(text: str, *rules: PronunciationRule) -> list[tuple[str, str]]:
    return [(text[match.start : match.end], match.rule.alias) for match in find_matches(text, rules)]


def plan(text: str, *rules: PronunciationRule, chars_max: int = 500) -> list[Utterance]:
    return list(TextPlanner({})(TextContent(text), TextOptions("en", rules=rules, chars_max=chars_max)))


@given(text=st.text("abAB .", max_size=60), rules=_RULES)
def test_matches_are_in_order_and_never_overlap(text: str, rules: list[PronunciationRule]) -> None:
    matches = find_matches(text, rules)
    assert all(before.end <= after.start for before, after in pairwise(matches))
    assert all(text[match.start : match.end].lower() == match.rule.string.lower() for match in matches)


@given(text=st.text("abAB .", max_size=200), rules=_RULES, chars_max=st.integers(10, 60))
def test_with_any_rules_the_ranges_cover_the_text_and_the_map_holds(
    text: str, rules: list[PronunciationRule], chars_max: int
) -> None:
    utterances = plan(text, *rules, chars_max=chars_max)
    assert "".join(text[u.source_start : u.source_end] for u in utterances) == text
    for utterance in utterances:
        assert len(utterance.source_of) == len(utterance.spoken)
        assert list(utterance.source_of) == sorted(utterance.source_of)
        assert all(utterance.source_start <= index < utterance.source_end for index in utterance.source_of)


def test_the_first_rule_wins_and_what_it_puts_in_is_not_looked_at_again() -> None:
    rules = (PronunciationRule("UN", "WHO"), PronunciationRule("WHO", "UN"), PronunciationRule("UN", "never"))
    assert found("UN WHO", *rules) == [("UN", "WHO"), ("WHO", "UN")]
    assert plan("UN WHO", *rules)[0].spoken.reveal() == "WHO UN"


def test_an_earlier_rule_keeps_its_place_from_a_longer_one() -> None:
    assert found("New York City", PronunciationRule("York", "a"), PronunciationRule("New York", "b")) == [
        ("York", "a")
    ]


def test_case_counts_unless_a_rule_says_otherwise() -> None:
    assert found("Uno UNO uno", PronunciationRule("UNO", "x")) == [("UNO", "x")]
    assert len(found("Uno UNO uno", PronunciationRule("UNO", "x", is_case_sensitive=False))) == 3
    assert found("\u0130stanbul", PronunciationRule("STANBUL", "x", is_case_sensitive=False)) == []


def test_words_are_whole_unless_a_rule_says_otherwise() -> None:
    assert found("cat concat cat's", PronunciationRule("cat", "x")) == [("cat", "x")] * 2
    assert len(found("cat concat", PronunciationRule("cat", "x", has_word_boundaries=False))) == 2


def test_a_match_is_not_cut_in_two_by_the_end_of_a_sentence() -> None:
    assert len(plan("It is the end. The next begins.")) == 2
    (utterance,) = plan("It is the end. The next begins.", PronunciationRule("end. The next", "start that"))
    assert utterance.spoken.reveal() == "It is the start that begins."


def test_phonemes_leave_the_spelling_and_say_where_they_hold() -> None:
    rule = PronunciationRule("tomato", phoneme="t@meItoU", alphabet="ipa")
    (utterance,) = plan("One tomato.", PronunciationRule("One", "Nineteen"), rule)
    assert utterance.spoken.reveal() == "Nineteen tomato."
    ((span),) = utterance.phoneme_spans
    assert utterance.spoken.reveal()[span.spoken_start : span.spoken_end] == "tomato"
    assert span.phonemes.reveal() == "t@meItoU"


def test_long_replacements_make_shorter_pieces() -> None:
    rule = PronunciationRule("a", "b" * 300)
    utterances = plan("a " * 250, rule)
    assert max(len(utterance.spoken) for utterance in utterances) < 6_000
    assert sum(len(utterance.spoken) for utterance in utterances) == 250 * 301


def test_the_length_after_replacing_is_known_before() -> None:
    rules = (PronunciationRule("a", "bbbb"), PronunciationRule("c", phoneme="k", alphabet="ipa"))
    assert expanded_length("a c a", find_matches("a c a", rules)) == 11


def test_a_shield_keeps_the_length_and_the_end_of_a_sentence() -> None:
    text = "The U.S.A. won."
    matches = find_matches(text, (PronunciationRule("U.S.A.", "x"), PronunciationRule("won", "y")))
    assert shielded(text, matches) == "The \u00aa\u00aa\u00aa\u00aa\u00aa. won."
    assert [match.start for match in within(matches, 0, 10)] == [4]
    assert list(within(matches, 5, 9)) == []


def test_a_rule_prints_no_word_of_it() -> None:
    rule = PronunciationRule("secret", "hidden", alphabet="ipa")
    printed = repr((rule, find_matches("secret", (rule,))))
    assert "secret" not in printed
    assert "hidden" not in printed
