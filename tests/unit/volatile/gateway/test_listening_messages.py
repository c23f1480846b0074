"""What a client of live recognition hears, message by message."""

from __future__ import annotations

import pytest

from echoless.crossing.live_records import CommitCause, CommittedText
from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.volatile.gateway import listening_messages as messages
from echoless.volatile.gateway.schemas.speech_to_text_sockets import ListeningQuery

pytestmark = pytest.mark.unit

WORD = TranscriptWord("Hi", WordKind.WORD, 0.1, 0.3, -0.02)


def query(**members: object) -> ListeningQuery:
    return ListeningQuery.checked({"model_id": "scribe_v2_realtime", **members})


@pytest.mark.claim("Z15")
@pytest.mark.parametrize("is_kept", [False, True])
def test_whether_it_is_kept_is_stated_as_it_is_whatever_was_asked_for(is_kept: bool) -> None:
    started = messages.session_started("id", query(enable_logging=True), [""], is_kept=is_kept)
    assert started["config"]["enable_logging"] is is_kept
    expected = {
        "sample_rate", "audio_format", "language_code", "secondary_languages", "timestamps_granularity",
        "vad_commit_strategy", "vad_silence_threshold_secs", "vad_threshold", "min_speech_duration_ms",
        "min_silence_duration_ms", "max_tokens_to_recompute", "model_id", "enable_logging",
        "include_language_detection", "keyterms", "no_verbatim", "entity_detection", "filter_background_audio",
    }  # fmt: skip
    assert set(started["config"]) == expected


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, ["committed_transcript"]),
        ({"include_timestamps": True}, ["committed_transcript", "committed_transcript_with_timestamps"]),
        ({"include_language_detection": True}, ["committed_transcript", "final_transcript"]),
    ],
)
def test_a_segment_is_told_in_as_many_messages_as_were_asked_for(
    options: dict[str, bool], kinds: list[str]
) -> None:
    part = CommittedText(CommitCause.VOICE_ACTIVITY, "Hi", "en", [WORD])
    said = messages.committed(part, query(**options))
    assert [message["message_type"] for message in said] == kinds
    assert all(message["text"] == "Hi" for message in said)


def test_words_are_those_of_transcripts() -> None:
    assert messages.words_of([WORD]) == [
        {"text": "Hi", "start": 0.1, "end": 0.3, "type": "word", "speaker_id": None, "logprob": -0.02,
         "characters": None}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("commit_throttled", "commit_throttled"),
        ("insufficient_audio_activity", "insufficient_audio_activity"),
        ("something else", "insufficient_audio_activity"),
    ],
)
def test_a_refused_commit_has_a_word_of_the_contract(code: str, kind: str) -> None:
    message = messages.refused_commit(code)
    assert message["message_type"] == kind
    assert message["error"]


@pytest.mark.parametrize(("code", "stated"), [("en", "eng"), ("", None)])
def test_a_language_is_stated_by_three_letters(code: str, stated: str | None) -> None:
    assert messages.long_code(code) == stated
