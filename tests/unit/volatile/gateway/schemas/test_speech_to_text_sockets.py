"""What clients of live recognition ask for and say."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.speech_to_text_sockets import ListeningBody, ListeningQuery
from echoless.volatile.speech.listening_flow import ListeningError

pytestmark = pytest.mark.unit

MODEL = ("model_id", "scribe_v2_realtime")


def query(*pairs: tuple[str, str]) -> ListeningQuery:
    return ListeningQuery.parse([MODEL, *pairs])


def test_defaults_are_the_contracts() -> None:
    asked = query()
    assert (asked.format_name, asked.commit_strategy) == ("pcm_16000", "manual")
    assert (asked.vad_silence_threshold_secs, asked.vad_threshold) == (1.5, 0.4)
    assert (asked.min_speech_duration_ms, asked.min_silence_duration_ms) == (100, 100)
    assert asked.unsupported() is None


@pytest.mark.parametrize(
    ("name", "rate_hz", "sample_bytes"), [("pcm_8000", 8000, 2), ("pcm_48000", 48000, 2), ("ulaw_8000", 8000, 1)]
)
def test_a_format_names_its_samples(name: str, rate_hz: int, sample_bytes: int) -> None:
    form = query(("audio_format", name), ("audio_format", name)).input_format
    assert (form.sample_rate_hz, form.sample_bytes) == (rate_hz, sample_bytes)


def test_two_formats_are_none() -> None:
    with pytest.raises(UnprocessableError) as caught:
        query(("audio_format", "pcm_8000"), ("audio_format", "pcm_16000"))
    assert caught.value.fields[0].location == ("query", "audio_format")


@pytest.mark.parametrize(
    "pair",
    [
        ("diarize", "true"), ("entity_detection", "all"), ("entity_redaction", "pii"), ("transcript_edit", "x"),
        ("filter_background_audio", "true"), ("commit_strategy", "turn_prediction"),
    ],
)  # fmt: skip
def test_what_this_server_cannot_do_is_named(pair: tuple[str, str]) -> None:
    assert query(pair).unsupported() == pair[0]


@pytest.mark.claim("Z14")
def test_keyterms_are_never_shown() -> None:
    asked = query(("keyterms", "secret"))
    assert asked.keyterms == ["secret"]
    assert "secret" not in repr(asked)
    with pytest.raises(UnprocessableError) as caught:
        query(("keyterms", "secret" * 4))
    assert "secret" not in str(caught.value.fields)


def test_a_commit_has_two_spellings() -> None:
    for members in ({"message_type": "commit"}, {"message_type": "input_audio_chunk", "commit": True}):
        message = ListeningBody.checked(members).as_flow()
        assert (message.is_commit, len(message.audio)) == (True, 0)


@pytest.mark.parametrize("text", ["%%%%", "AAA", "AA\nAA", "é"])
def test_audio_that_is_no_base64_is_refused_without_being_shown(text: str) -> None:
    body = ListeningBody.checked({"message_type": "input_audio_chunk", "audio_base_64": text})
    with pytest.raises(ListeningError) as caught:
        body.as_flow()
    assert caught.value.param == "audio_base_64"
    assert text not in caught.value.public_description
    assert caught.value.__context__ is None


@pytest.mark.parametrize("members", [{}, {"message_type": "x"}, {"message_type": "commit", "sample_rate": "x"}])
def test_what_is_no_message_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError):
        ListeningBody.checked(members)
