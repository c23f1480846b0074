"""A transcript is cut as its files want it."""

from __future__ import annotations

import msgspec
import pytest

from echoless.crossing.media_records import DocumentFormat, TranscriptWord, WordKind
from echoless.volatile.speech.transcript_segments import lines, printable, segments

pytestmark = pytest.mark.unit

WHOLE = DocumentFormat("txt", True, True, None, None, None, None)


def words(*entries: tuple[str, float, float, int | None]) -> list[TranscriptWord]:
    found: list[TranscriptWord] = []
    for text, start_s, end_s, speaker in entries:
        if found:
            last = found[-1]
            found.append(TranscriptWord(" ", WordKind.SPACING, last.end_s, start_s, 0.0, last.speaker))
        found.append(TranscriptWord(text, WordKind.WORD, start_s, end_s, -0.1, speaker))
    return found


SPOKEN = words(("one", 0.0, 0.5, 0), ("two", 0.6, 1.0, 0), ("three", 3.0, 3.5, 1), ("four", 3.6, 4.0, 1))


def _cut(**changes: object) -> list[str]:
    return [segment.text for segment in segments(SPOKEN, msgspec.structs.replace(WHOLE, **changes))]


def test_speakers_are_kept_apart_where_they_are_shown() -> None:
    first, second = segments(SPOKEN, WHOLE)
    assert (first.text, first.speaker_name, first.start_s, first.end_s) == ("one two", "speaker_0", 0.0, 1.0)
    assert (second.text, second.speaker_name) == ("three four", "speaker_1")
    (whole,) = segments(SPOKEN, msgspec.structs.replace(WHOLE, shows_speakers=False))
    assert (whole.text, whole.speaker_name) == ("one two three four", "")


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"silence_s_max": 1.0}, ["one two", "three four"]),
        ({"silence_s_max": 2.0}, ["one two three four"]),
        ({"segment_s_max": 1.0}, ["one two", "three four"]),
        ({"segment_s_max": 0.9}, ["one", "two", "three", "four"]),
        ({"segment_characters_max": 13}, ["one two three", "four"]),
        ({"segment_characters_max": 12}, ["one two", "three four"]),
        ({"segment_characters_max": 1}, ["one", "two", "three", "four"]),
    ],
)
def test_bounds_are_kept(change: dict[str, object], texts: list[str]) -> None:
    assert _cut(shows_speakers=False, **change) == texts


def test_nothing_said_is_no_segment() -> None:
    assert segments([], WHOLE) == []
    assert segments([TranscriptWord(" ", WordKind.SPACING, 0, 1, 0)], WHOLE) == []


def test_a_segment_begins_and_ends_with_words() -> None:
    for segment in segments(SPOKEN, WHOLE):
        assert segment.words[0].kind is segment.words[-1].kind is WordKind.WORD


def test_lines_break_between_words_and_never_pass_the_bound() -> None:
    assert lines("one two three", 7) == ["one two", "three"]
    assert lines("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert lines("one two", None) == ["one two"]
    assert lines("", 5) == [""]


def test_characters_that_steer_become_spaces() -> None:
    assert printable("a\x00b\nc\u202ed\ufffee") == "a b c d e"


def test_a_segment_prints_without_its_words() -> None:
    assert "one" not in repr(segments(SPOKEN, WHOLE)[0])
