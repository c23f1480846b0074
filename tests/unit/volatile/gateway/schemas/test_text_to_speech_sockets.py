"""Messages and queries in all the spellings that clients use."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.text_to_speech_sockets import SpeechSocketMessage, SpeechSocketQuery
from echoless.volatile.gateway.socket_credentials import Credential

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("spelling", ["generation_config", "generator_config"])
def test_the_schedule_is_found_under_either_name(spelling: str) -> None:
    message = SpeechSocketMessage.checked({"text": " ", spelling: {"chunk_length_schedule": [50, 500]}})
    assert message.as_flow().schedule == (50, 500)


@pytest.mark.parametrize("schedule", [[], [49], [501], ["x"], [50.5], [60] * 65])
def test_a_schedule_out_of_bounds_is_refused(schedule: list[Any]) -> None:
    with pytest.raises(UnprocessableError):
        SpeechSocketMessage.checked({"text": " ", "generation_config": {"chunk_length_schedule": schedule}})


def test_settings_of_null_members_are_those_of_none() -> None:
    """The Python client sends null, or an object of nulls, where nothing was set."""
    nulls = {"stability": None, "similarity_boost": None, "style": None, "use_speaker_boost": None, "speed": None}
    assert SpeechSocketMessage.checked({"text": " ", "voice_settings": nulls}).as_flow().voice_settings == {}
    assert SpeechSocketMessage.checked({"text": " ", "voice_settings": None}).as_flow().voice_settings is None


@pytest.mark.parametrize("speed", [0.69, 1.21])
def test_speed_is_narrower_here_than_for_requests(speed: float) -> None:
    with pytest.raises(UnprocessableError):
        SpeechSocketMessage.checked({"text": " ", "voice_settings": {"speed": speed}})


@pytest.mark.parametrize("name", ["context_id", "contextId"])
def test_a_context_is_named_in_either_spelling(name: str) -> None:
    assert SpeechSocketMessage.checked({"text": "x", name: "a"}).as_flow().context_id == "a"


@pytest.mark.parametrize(
    ("members", "credential"),
    [
        ({"xi-api-key": "k"}, Credential("k")),
        ({"xi_api_key": "k"}, Credential("k")),
        ({"authorization": "Bearer k"}, Credential("k")),
        ({"single_use_token": "t"}, Credential("t", is_token=True)),
        ({}, None),
    ],
)
def test_the_first_message_may_show_a_credential(members: dict[str, str], credential: Credential | None) -> None:
    assert SpeechSocketMessage.checked({"text": " ", **members}).credential() == credential


def test_the_name_of_a_python_object_is_no_model() -> None:
    """The Python client of July 2026 sends it where no model was given."""
    assert SpeechSocketQuery.parse([("model_id", "Ellipsis")]).model_id is None
    assert SpeechSocketQuery.parse([("model_id", "eleven_flash_v2")]).model_id == "eleven_flash_v2"


def test_the_documents_own_default_format_is_understood_and_wav_is_not_streamed() -> None:
    assert SpeechSocketQuery.parse([("output_format", "mp3_44100")]).output_format == "mp3_44100_128"
    with pytest.raises(UnprocessableError):
        SpeechSocketQuery.parse([("output_format", "wav_44100")])


@pytest.mark.parametrize("seconds", ["0", "181", "x"])
def test_patience_is_bounded(seconds: str) -> None:
    assert SpeechSocketQuery.parse([]).inactivity_timeout == 20
    with pytest.raises(UnprocessableError):
        SpeechSocketQuery.parse([("inactivity_timeout", seconds)])


def test_a_locator_needs_its_version_here() -> None:
    with pytest.raises(UnprocessableError):
        SpeechSocketMessage.checked(
            {"text": " ", "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d"}]}
        )
