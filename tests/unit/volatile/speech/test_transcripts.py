"""What was heard becomes one transcript."""

from __future__ import annotations

import pytest

from echoless.core.content import TextContent
from echoless.crossing.media_records import WordKind
from echoless.volatile.speech.hearing_ports import HeardWord
from echoless.volatile.speech.transcripts import TranscriptFlow, spread, text_of

pytestmark = pytest.mark.unit


def _heard(text: str, start_s: float, end_s: float, **more: object) -> HeardWord:
    return HeardWord(TextContent(text), start_s, end_s, -0.5, **more)  # type: ignore[arg-type]  # a test's fields


def test_spaces_stand_between_words_and_between_windows() -> None:
    flow = TranscriptFlow(wants_characters=False)
    words = flow.add([_heard("one", 0.1, 0.3), _heard("two", 0.5, 0.7)], 1.0)
    words += flow.add([_heard("three", 0.0, 0.2)], 9.0)
    assert text_of(words).reveal() == "one two three"
    assert [(w.kind, w.start_s, w.end_s) for w in words] == [
        (WordKind.WORD, 1.1, 1.3),
        (WordKind.SPACING, 1.3, 1.5),
        (WordKind.WORD, 1.5, 1.7),
        (WordKind.SPACING, 1.7, 9.0),
        (WordKind.WORD, 9.0, 9.2),
    ]
    assert [w.logprob for w in words] == [-0.5, 0.0, -0.5, 0.0, -0.5]


def test_times_never_run_backwards() -> None:
    flow = TranscriptFlow(wants_characters=False)
    words = flow.add([_heard("one", 0.0, 1.0), _heard("two", 0.9, 0.95)], 0.0)
    words += flow.add([_heard("three", 0.0, 0.2)], 0.5)
    times = [time_s for word in words for time_s in (word.start_s, word.end_s)]
    assert times == sorted(times)


def test_events_are_told_from_words_and_confidence_is_never_above_certainty() -> None:
    flow = TranscriptFlow(wants_characters=False)
    (event,) = flow.add([HeardWord(TextContent("(noise)"), 0, 1, 0.25, is_event=True)], 0.0)
    assert (event.kind, event.logprob) == (WordKind.AUDIO_EVENT, 0.0)


def test_each_character_has_its_times_where_they_are_wanted() -> None:
    flow = TranscriptFlow(wants_characters=True)
    own = _heard("abc", 0.0, 0.3, character_start_s=(0.0, 0.05, 0.1), character_end_s=(0.05, 0.1, 0.3))
    words = flow.add([own, _heard("de", 0.4, 0.6)], 1.0)
    assert words[0].character_start_s == [1.0, 1.05, 1.1]
    assert words[0].character_end_s == [1.05, 1.1, 1.3]
    assert (words[1].character_start_s, words[1].character_end_s) == ([1.3], [1.4])
    # An engine that gave none: the word's time is divided.
    assert (words[2].character_start_s, words[2].character_end_s) == ([1.4, 1.5], [1.5, 1.6])


def test_characters_have_no_times_where_nobody_wants_them() -> None:
    own = _heard("ab", 0.0, 0.3, character_start_s=(0.0, 0.1), character_end_s=(0.1, 0.3))
    (word,) = TranscriptFlow(wants_characters=False).add([own], 0.0)
    assert word.character_start_s == word.character_end_s == []


def test_spread_covers_the_whole_time() -> None:
    assert spread(2, 1.0, 2.0) == ([1.0, 1.5], [1.5, 2.0])
    assert spread(0, 1.0, 2.0) == ([], [])
