"""Planning utterances: nothing is lost, nothing is looked at too early, pauses are where they were asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.markup import PAUSE_MS_MAX
from echoless.volatile.speech.ports import TextOptions, Utterance
from echoless.volatile.speech.pronunciation import PronunciationRule

pytestmark = pytest.mark.unit

_FRAGMENTS = st.sampled_from(
    [
        "Hello", "world", "Dr.", "A.", "3.14", "42", ". ", "! ", "?", ", ", " - ", "\n\n", " ", "\t", "\x00",
        "\x07",
        "\ud800", "😀", "👩‍👩‍👧", "e\u0301", "你好", "。", "مرحبا", "؟ ", "שלום", "नमस्ते", "।", '<break time="1s"/>',
        "<break/>", "<p>", "</p>", "<emphasis>", "</emphasis>", "<", ">", "*", "**bold**", "\u2028",
        "\ufdd0", "\u200f",
        "x" * 50, "“Quoted.” ", "(Aside.) ",
    ]
)  # fmt: skip
_RULES = (PronunciationRule("world", "whole wide world"), PronunciationRule("A", "B"))
_TEXTS = st.one_of(st.text(max_size=300), st.lists(_FRAGMENTS, max_size=60).map("".join))


def plan(text: str, **options: object) -> list[Utterance]:
    return list(TextPlanner({})(TextContent(text), TextOptions("en", **options)))  # type: ignore[arg-type]  # test


def spoken(text: str, **options: object) -> list[str]:
    return [utterance.spoken.reveal() for utterance in plan(text, **options)]


@settings(max_examples=400, deadline=None)
@given(text=_TEXTS, first_chars_max=st.integers(1, 60), chars_max=st.integers(1, 120))
def test_source_ranges_cover_any_text_without_gaps_or_overlaps(
    text: str, first_chars_max: int, chars_max: int
) -> None:
    utterances = plan(text, first_chars_max=first_chars_max, chars_max=chars_max)
    ranges = [(utterance.source_start, utterance.source_end) for utterance in utterances]
    assert all(start < end for start, end in ranges)
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert "".join(text[start:end] for start, end in ranges) == text


@settings(max_examples=400, deadline=None)
@given(text=_TEXTS, chars_max=st.integers(1, 120))
def test_the_map_has_one_source_within_the_range_for_each_spoken_character(text: str, chars_max: int) -> None:
    for utterance in plan(text, chars_max=chars_max, rules=_RULES):
        assert len(utterance.source_of) == len(utterance.spoken)
        assert list(utterance.source_of) == sorted(utterance.source_of)
        assert all(utterance.source_start <= index < utterance.source_end for index in utterance.source_of)


@settings(max_examples=300, deadline=None)
@given(text=_TEXTS, chars_max=st.integers(1, 120))
def test_no_utterance_is_longer_than_the_hard_limit(text: str, chars_max: int) -> None:
    assert all(len(utterance.spoken) <= chars_max for utterance in plan(text, chars_max=chars_max))


@settings(max_examples=300, deadline=None)
@given(text=_TEXTS)
def test_the_engine_never_sees_a_control_character_or_a_surrogate(text: str) -> None:
    for char in "".join(spoken(text)):
        assert char in "\t\n\r" or (ord(char) >= 0x20 and not 0x7F <= ord(char) <= 0x9F)
        assert not 0xD800 <= ord(char) <= 0xDFFF


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet=st.characters(categories=["L", "N", "Po", "Zs"]), max_size=400))
def test_without_spelling_out_ordinary_text_is_spoken_as_it_was_written(text: str) -> None:
    utterances = plan(text, spells_out=False)
    audible = [utterance for utterance in utterances if len(utterance.spoken)]
    assert all(u.spoken.reveal() == text[u.source_start : u.source_end] for u in audible)
    assert all(not text[u.source_start : u.source_end].strip("x").isalnum() for u in utterances if u not in audible)


def test_sentences_become_utterances_and_abbreviations_do_not_end_them() -> None:
    assert spoken('Dr. Smith is in. He said "Yes." Then he left!') == [
        "Dr. Smith is in. ",
        'He said "Yes." ',
        "Then he left!",
    ]


def test_sentences_end_in_chinese_hindi_and_arabic_too() -> None:
    assert spoken("你好。世界。") == ["你好。", "世界。"]
    assert spoken("नमस्ते। आप कैसे हैं?") == ["नमस्ते। ", "आप कैसे हैं?"]
    assert spoken("مرحبا. كيف حالك؟ بخير.") == ["مرحبا. ", "كيف حالك؟ ", "بخير."]


@pytest.mark.parametrize("text", ["...", "  \n ", "?! -- …", "\x00\x01", "<p></p>", "|~|", "* * *"])
def test_text_without_anything_speakable_is_one_silent_utterance(text: str) -> None:
    (utterance,) = plan(text)
    assert (len(utterance.spoken), utterance.pause_after_ms) == (0, 0)
    assert (utterance.source_start, utterance.source_end) == (0, len(text))


def test_empty_text_has_no_utterance() -> None:
    assert plan("") == []


@pytest.mark.parametrize("text", ["😀", "+", "5", "é", "שלום", "👩‍👩‍👧"])
def test_whatever_has_a_name_is_spoken(text: str) -> None:
    assert spoken(text) == [text]


def test_punctuation_alone_joins_its_neighbour() -> None:
    assert spoken("... Hello there. ... !!! Next one.") == ["... Hello there. ... !!! ", "Next one."]
    assert spoken("Hello there. ---") == ["Hello there. ---"]


@pytest.mark.parametrize(
    ("tag", "pause_ms"),
    [
        ('<break time="1.5s"/>', 1_500),
        ('<break time="1.5s" />', 1_500),
        ("<break time='250ms'/>", 250),
        ("<BREAK TIME='2S'>", 2_000),
        ('<break time="1s"></break>', 1_000),
        ('<break time="90s"/>', PAUSE_MS_MAX),
        ('<break time="999999999s"/>', PAUSE_MS_MAX),
        ('<break strength="x-strong"/>', 1_200),
        ('<break strength="none"/>', 0),
        ("<break/>", 500),
        ('<break time="soon"/>', 500),
    ],
)
def test_a_break_is_silence_after_the_text_before_it(tag: str, pause_ms: int) -> None:
    text = f"One,{tag} two."
    first, second = plan(text)
    assert (first.spoken.reveal(), first.pause_after_ms) == ("One,", pause_ms)
    assert text[first.source_start : first.source_end] == f"One,{tag}"
    assert (second.spoken.reveal(), second.pause_after_ms) == (" two.", 0)


def test_breaks_at_the_beginning_and_in_a_row_are_silent_utterances() -> None:
    utterances = plan('<break time="1s"/><break time="2s"/>Hi.')
    assert [(u.spoken.reveal(), u.pause_after_ms) for u in utterances] == [("", 1_000), ("", 2_000), ("Hi.", 0)]


def test_the_pause_follows_the_last_sentence_before_the_break() -> None:
    utterances = plan('One here. Two here. <break time="1s"/> Three here.')
    assert [u.pause_after_ms for u in utterances] == [0, 1_000, 0]


def test_other_tags_are_dropped_and_what_they_enclose_is_spoken() -> None:
    assert "".join(spoken("<speak><p>Un<emphasis level='strong'>believ</emphasis>able.</p></speak>")) == (
        " Unbelievable. "
    )


def test_a_less_than_sign_is_ordinary_text() -> None:
    assert spoken("If a < b and c > d, <b>then</b> <stop>.") == ["If a < b and c > d, <b>then</b> <stop>."]


def test_a_long_first_sentence_is_cut_at_a_clause_so_that_audio_comes_early() -> None:
    clause = "and then the next thing happened to them, "
    first, *_ = plan("It began, " + clause * 10, first_chars_max=100)
    assert first.spoken.reveal() == "It began, " + clause * 2


def test_the_soft_limit_does_not_cut_inside_a_clause() -> None:
    text = "word " * 60 + "end."
    assert spoken(text, first_chars_max=50, chars_max=1_000) == [text]


def test_the_soft_limit_is_for_the_first_utterance_only() -> None:
    sentence = "and so it went, " * 10
    first, second = spoken(f'Hi. <break time="1s"/>{sentence}', first_chars_max=50)
    assert (first, second) == ("Hi. ", sentence)


def test_an_endless_word_is_cut_but_not_inside_a_grapheme() -> None:
    assert all(not piece.startswith("\u0301") for piece in spoken("e\u0301" * 500, chars_max=99))
    for chars_max in (99, 100, 101):
        pieces = spoken("👩\u200d👧" * 300, chars_max=chars_max)
        assert all(piece.startswith("👩") and piece.endswith("👧") for piece in pieces)


def test_text_without_sentences_is_cut_at_spaces() -> None:
    pieces = spoken("word " * 100, chars_max=88)
    assert all(piece.endswith("word ") for piece in pieces)


def test_the_first_utterance_of_a_long_text_needs_a_look_at_its_beginning_only() -> None:
    class Watched(str):
        farthest = 0

        def __getitem__(self, key: object) -> str:
            if isinstance(key, slice):
                Watched.farthest = max(Watched.farthest, key.stop or 0)
            return super().__getitem__(key)  # type: ignore[index]  # only slices and integers come

    text = Watched("This is a sentence of ordinary length. " * 1_000)
    first = next(TextPlanner({})(TextContent(text), TextOptions("en")))
    assert first.spoken.reveal() == "This is a sentence of ordinary length. "
    assert 0 < Watched.farthest <= 512


def test_rules_are_whole_words_and_map_back() -> None:
    (utterance,) = plan("UNO uno UNOS", rules=(PronunciationRule("UNO", "United Nations"),))
    assert utterance.spoken.reveal() == "United Nations uno UNOS"
    assert utterance.source_of[:14] == (0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2)
    assert utterance.source_of[14:] == tuple(range(3, 12))


def test_the_first_rule_that_fits_a_place_wins() -> None:
    rules = (PronunciationRule("New York City", "NYC"), PronunciationRule("New York", "NY"))
    assert spoken("New York City", rules=rules) == ["NYC"]


def test_an_utterance_prints_no_text() -> None:
    assert "secret" not in repr(plan("The secret word."))
