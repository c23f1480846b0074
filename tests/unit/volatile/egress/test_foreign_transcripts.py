"""Transcripts of remotes: read as they are, and nothing made up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.volatile.egress.foreign_transcripts import (
    WORDS_PER_RECORD,
    ForeignTranscript,
    from_elevenlabs,
    from_openai,
    records_of,
)

pytestmark = pytest.mark.unit


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def texts(transcript: ForeignTranscript) -> list[str]:
    return [word.text for word in transcript.channels[0]]


def test_sentences_stay_sentences_where_no_words_are_told() -> None:
    heard = from_openai(
        encoded({
            "text": "One. Two.", "language": "english", "duration": 3,
            "segments": [
                {"start": 0, "end": 1.5, "text": " One.", "avg_logprob": -0.5},
                {"start": 1.5, "end": 3, "text": " Two.", "avg_logprob": -0.25},
            ],
        })
    )  # fmt: skip
    assert texts(heard) == ["One.", " ", "Two."]
    assert [word.end_s for word in heard.channels[0]] == [1.5, 1.5, 3.0]
    assert (heard.language_code, heard.audio_ms) == ("en", 3000)


def test_a_text_without_any_times_is_no_transcript() -> None:
    with pytest.raises(EcholessError):
        from_openai(encoded({"text": "Words without times."}))
    assert from_openai(encoded({"text": "", "duration": 2})).channels == ((),)


def test_words_that_are_not_in_the_text_are_left_out() -> None:
    heard = from_openai(
        encoded({"text": "a c", "words": [{"word": w, "start": 0, "end": 1} for w in ("a", "b", "c", "")]})
    )
    assert texts(heard) == ["a", " ", "c"]


def test_the_protocols_own_words_keep_everything() -> None:
    heard = from_elevenlabs(
        encoded({
            "language_code": "deu", "language_probability": 0.5, "text": "Ja", "transcription_id": "t-1",
            "words": [{
                "text": "Ja", "start": 0.25, "end": 0.5, "type": "word", "speaker_id": "speaker_3", "logprob": -1,
                "characters": [{"text": "J", "start": 0.25, "end": 0.3}, {"text": "a", "start": 0.3, "end": 0.5}],
            }, {"text": "(laughter)", "start": None, "end": None, "type": "audio_event", "logprob": 5}],
        })
    )  # fmt: skip
    assert heard.channels[0] == (
        TranscriptWord("Ja", WordKind.WORD, 0.25, 0.5, -1.0, 3, [0.25, 0.3], [0.3, 0.5]),
        TranscriptWord("(laughter)", WordKind.AUDIO_EVENT, 0.5, 0.5, 0.0),
    )
    assert (heard.language_code, heard.transcription_id, heard.audio_ms) == ("de", "t-1", 500)


def test_portions_are_whole_and_in_order() -> None:
    words = tuple(TranscriptWord(str(i), WordKind.WORD, 0.0, 0.0, 0.0) for i in range(WORDS_PER_RECORD + 1))
    portions = list(records_of(words))
    assert [len(portion) for portion in portions] == [WORDS_PER_RECORD, 1]
    assert tuple(word for portion in portions for word in portion) == words


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "words", "segments", "start", "end", "word", "type", "characters", "transcripts"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(value=_JSON)
def test_nonsense_is_refused_or_read_and_never_crashes(value: Any) -> None:
    for read in (from_openai, from_elevenlabs):
        try:
            heard = read(encoded(value))
        except EcholessError:
            continue
        for words in heard.channels:
            assert all(0 <= word.start_s <= word.end_s and word.logprob <= 0 for word in words)
