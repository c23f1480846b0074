"""Transcripts as text files: what players and parsers read."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import msgspec
import pytest

from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.engines.documents.text_files import clock, page, plain, segmented_json, subrip, webvtt
from echoless.volatile.speech.transcript_segments import segments
from tests.unit.volatile.speech.test_transcript_segments import SPOKEN, words

pytestmark = pytest.mark.unit

SHOWN = DocumentFormat("", True, True, 42, None, None, None)
BARE = DocumentFormat("", False, False, 42, None, None, None)
HARD = words(("<b>&{\\an8}", 0.0, 1.0, None), ("-->", 1.1, 2.0, None))


def test_subtitles_are_numbered_cues_with_times() -> None:
    assert subrip(segments(SPOKEN, SHOWN), SHOWN, "en").decode() == (
        "1\n00:00:00,000 --> 00:00:01,000\n[speaker_0] one two\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n[speaker_1] three four\n"
    )


def test_lines_of_subtitles_are_bounded() -> None:
    narrow = msgspec.structs.replace(BARE, line_characters_max=9)
    (_number, _times, *text) = subrip(segments(SPOKEN, narrow), narrow, "en").decode().splitlines()
    assert text == ["one two", "three", "four"]


def test_nothing_in_a_text_ends_a_cue_or_becomes_markup() -> None:
    found = segments(HARD, BARE)
    assert subrip(found, BARE, "en").decode().splitlines()[2] == "<b>&{\\an8} ->"
    assert webvtt(found, BARE, "en").decode().splitlines()[3] == "&lt;b&gt;&amp;{\\an8} -&gt;"


def test_webvtt_has_its_header() -> None:
    text = webvtt(segments(SPOKEN, BARE), BARE, "en").decode()
    assert text == "WEBVTT\n\n00:00:00.000 --> 00:00:04.000\none two three four\n"


def test_plain_text_shows_what_is_wanted() -> None:
    assert plain(segments(SPOKEN, SHOWN), SHOWN, "en").decode() == (
        "[00:00:00.000 - 00:00:01.000] speaker_0\none two\n\n[00:00:03.000 - 00:00:04.000] speaker_1\nthree four\n"
    )
    assert plain(segments(SPOKEN, BARE), BARE, "en") == b"one two three four\n"


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts += [data.strip()] if data.strip() else []


def test_a_page_says_the_text_and_obeys_none_of_it() -> None:
    reader = _Texts()
    reader.feed(page(segments(HARD, SHOWN), SHOWN, '"><script>').decode())
    assert reader.tags == ["html", "head", "meta", "title", "body", "p", "time"]
    assert reader.texts == ["Transcript", "00:00:00.000", "<b>&{\\an8} -->"]


def test_segments_in_json_hold_their_words() -> None:
    found = json.loads(segmented_json(segments(SPOKEN, SHOWN), SHOWN, "eng"))
    assert found["language_code"] == "eng"
    first, second = found["segments"]
    assert (first["text"], first["start"], first["end"], first["speaker_id"]) == ("one two", 0.0, 1.0, "speaker_0")
    assert [word["type"] for word in second["words"]] == ["word", "spacing", "word"]
    assert second["words"][0] == {
        "text": "three", "type": "word", "start": 3.0, "end": 3.5, "speaker_id": "speaker_1", "logprob": -0.1,
    }  # fmt: skip
    bare = json.loads(segmented_json(segments(SPOKEN, BARE), BARE, "eng"))
    assert set(bare["segments"][0]) == {"text", "words"}
    assert set(bare["segments"][0]["words"][0]) == {"text", "type", "logprob"}


def test_nothing_said_is_an_empty_file() -> None:
    assert plain([], SHOWN, "en") == subrip([], SHOWN, "en") == b""
    assert json.loads(segmented_json([], SHOWN, "en"))["segments"] == []


def test_segments_name_the_language_as_their_transcript_does() -> None:
    """Wire contract, speech to text: the language of a transcript is an ISO 639-3 code."""
    assert json.loads(segmented_json([], SHOWN, "en"))["language_code"] == "eng"
    assert json.loads(segmented_json([], SHOWN, "unknown"))["language_code"] == "unknown"


@pytest.mark.parametrize(
    ("time_s", "shown"), [(0.0, "00:00:00.000"), (59.9996, "00:01:00.000"), (36_061.5, "10:01:01.500")]
)
def test_times_are_shown_in_hours(time_s: float, shown: str) -> None:
    assert clock(time_s) == shown
