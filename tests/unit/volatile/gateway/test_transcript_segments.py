"""Segments as another API shows them."""

from __future__ import annotations

import pytest

from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.volatile.gateway.transcript_segments import wire_segments, wire_words
from echoless.volatile.gateway.transcript_wire import PlacedWord, text_of
from tests.fakes.fake_media import word

pytestmark = pytest.mark.unit


def spaced(*words: TranscriptWord) -> list[PlacedWord]:
    found: list[PlacedWord] = []
    for one in words:
        if found:
            found.append(PlacedWord(word(" ", found[-1].word.end_s, one.start_s, WordKind.SPACING)))
        found.append(PlacedWord(one))
    return found


def test_segments_end_with_sentences_pauses_and_half_minutes() -> None:
    words = spaced(
        word("One.", 0, 0.5), word("two", 0.6, 1.0), word("pause", 2.0, 2.5), word("long", 2.6, 32.0),
        word("later", 32.1, 40.0),
    )  # fmt: skip
    segments = wire_segments(words, 0.0)
    assert [segment["text"].strip() for segment in segments] == ["One.", "two", "pause long", "later"]
    assert "".join(segment["text"] for segment in segments) == text_of(words)
    assert [(segment["start"], segment["end"]) for segment in segments][2] == (2.0, 32.0)
    assert segments[0]["avg_logprob"] == pytest.approx(-0.1)


def test_words_leave_spaces_out_and_nothing_is_no_segment() -> None:
    assert [one["word"] for one in wire_words(spaced(word("a", 0, 1), word("b", 1, 2)))] == ["a", "b"]
    assert wire_segments([], 0.0) == []
