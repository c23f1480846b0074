"""When the text of a turn is enough to be spoken."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.turn_buffer import SEGMENT_CHARACTERS_MIN, SEGMENT_WORDS_MIN, TurnBuffer

pytestmark = pytest.mark.unit


def texts(buffer: TurnBuffer, *parts: str) -> list[str]:
    return [piece.text.reveal() for part in parts for piece in buffer.add(part)]


def test_a_segment_needs_both_characters_and_words() -> None:
    assert texts(TurnBuffer(1000), "a b c d e f g h i ") == []
    assert texts(TurnBuffer(1000), "incomprehensibilities " * 3) == []
    eight = "eight words and forty characters are enough now "
    assert len(eight) >= SEGMENT_CHARACTERS_MIN
    assert len(eight.split()) >= SEGMENT_WORDS_MIN
    assert texts(TurnBuffer(1000), eight) == [eight]


def test_it_is_spoken_up_to_its_last_complete_phrase_or_word() -> None:
    buffer = TurnBuffer(1000)
    assert texts(buffer, "The first one is complete. The second one is not comple") == [
        "The first one is complete. "
    ]
    assert texts(TurnBuffer(1000), "one two three four five six seven eight ni") == [
        "one two three four five six seven eight "
    ]
    assert [piece.text.reveal() for piece in buffer.flush()] == ["The second one is not comple"]


def test_a_tag_is_never_cut_in_two() -> None:
    buffer = TurnBuffer(1000)
    said = texts(buffer, "one two three four five six seven eight nine [very softly whis")
    assert said == ["one two three four five six seven eight nine "]
    rest = [*buffer.add("pers] ten"), *buffer.flush()]
    assert [piece.text.reveal() for piece in rest] == ["[very softly whispers] ten"]


def test_only_what_is_whole_says_that_a_listener_may_have_to_wait() -> None:
    (piece,) = TurnBuffer(1000).add("one two three four five six seven eight ni")
    assert not piece.is_phrase_end
    (piece,) = TurnBuffer(1000).add("one two three four five six seven eight nine. ")
    assert piece.is_phrase_end


def test_a_flush_of_nothing_but_blanks_is_nothing() -> None:
    buffer = TurnBuffer(1000)
    buffer.add("  ")
    assert buffer.flush() == []


def test_more_than_a_request_may_have_is_refused() -> None:
    with pytest.raises(EcholessError) as caught:
        TurnBuffer(10).add("eleven chars")
    assert caught.value.code is ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED
    assert "eleven" not in caught.value.public_description
