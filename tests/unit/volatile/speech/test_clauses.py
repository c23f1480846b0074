"""Where a text that is still being written may be cut."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.clauses import (
    bare_length,
    ends_phrase,
    ends_word,
    is_blank,
    last_phrase_end,
    last_word_end,
    uncut_from,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text", ["Hello.", "Hello, ", "Really? ", 'He said "no." ', "One;", "Done\n", "你好。", "So — "]
)
def test_a_mark_ends_a_phrase(text: str) -> None:
    assert ends_phrase(text)


@pytest.mark.parametrize("text", ["", "Hello", "Hello ", "Dr. ", "Mr.", "It costs 3.", "1,", "a b c "])
def test_abbreviations_and_unfinished_numbers_end_no_phrase(text: str) -> None:
    assert not ends_phrase(text)


def test_a_number_that_a_space_follows_ends_a_phrase() -> None:
    assert ends_phrase("It costs 3. ")


@pytest.mark.parametrize(("text", "ends"), [("one ", True), ("one", False), ("one.", True), ("", False)])
def test_a_word_ends_at_space_or_mark(text: str, ends: bool) -> None:
    assert ends_word(text) is ends


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("One two. Three four", "One two. "),
        ("One two, three four", "One two, "),
        ("Ask Dr. Smith about it", ""),
        ("Ask Dr. Smith. He knows, I", "Ask Dr. Smith. He knows, "),
        ("It is 1,000 or 2.5 of them", ""),
        ("All of it. ", "All of it. "),
        ("nothing at all", ""),
    ],
)
def test_what_is_complete_ends_with_the_last_phrase(text: str, complete: str) -> None:
    assert text[: last_phrase_end(text, len(text))] == complete


def test_nothing_after_the_stop_is_looked_at() -> None:
    text = "One, two, three"
    assert last_phrase_end(text, 6) == 5


@pytest.mark.parametrize(("text", "complete"), [("one two thr", "one two "), ("one", ""), ("one ", "one ")])
def test_words_are_complete_up_to_the_last_space(text: str, complete: str) -> None:
    assert text[: last_word_end(text, len(text))] == complete


@pytest.mark.parametrize(
    ("text", "cuttable"),
    [
        ('Wait <break time="', "Wait "),
        ('Wait <break time="1s"/> now', 'Wait <break time="1s"/> now'),
        ("a b", "a b"),
    ],
)
def test_a_tag_that_has_not_ended_is_not_cut(text: str, cuttable: str) -> None:
    assert text[: uncut_from(text)] == cuttable


def test_a_sign_that_opens_no_tag_is_not_waited_for_for_ever() -> None:
    text = "a < b" + " c" * 150
    assert uncut_from(text) == len(text)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("  ", 0), (" a b ", 3), ("ab", 2)])
def test_a_bare_length_leaves_out_the_white_space_at_the_ends(text: str, length: int) -> None:
    assert bare_length(text) == length
    assert is_blank(text) is (length == 0)
