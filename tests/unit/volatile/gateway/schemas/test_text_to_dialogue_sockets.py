"""What clients of dialogue say, in the words of the flow."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.text_to_dialogue_sockets import DialogueSocketMessage, DialogueSocketQuery
from echoless.volatile.gateway.socket_credentials import Credential

pytestmark = pytest.mark.unit


def message(**members: Any) -> DialogueSocketMessage:
    return DialogueSocketMessage.checked(members)


def test_null_means_absent_and_unknown_members_are_passed_over() -> None:
    said = message(voices=None, flush=None, voice_settings={"stability": None, "speed": 99}, more=1).as_flow()
    assert said.voices is None
    assert said.voice_settings == {}
    assert not said.is_flush


def test_inputs_become_lines() -> None:
    said = message(inputs=[{"text": "a", "voice_id": "v", "new_turn": True}, {"text": "b", "voice_id": "w"}])
    lines = said.as_flow().lines
    assert [(line.text.reveal(), line.voice_id, line.is_new_turn) for line in lines] == [
        ("a", "v", True), ("b", "w", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "credential"),
    [
        ({"xi_api_key": "k"}, Credential("k")),
        ({"xi-api-key": "k"}, Credential("k")),
        ({"authorization": "Bearer k"}, Credential("k")),
        ({"single_use_token": "t"}, Credential("t", is_token=True)),
        ({}, None),
    ],
)
def test_a_message_shows_its_credential(members: dict[str, str], credential: Credential | None) -> None:
    assert message(**members).credential() == credential


@pytest.mark.parametrize(
    "members",
    [
        {"voices": "one"}, {"voices": [""]}, {"voices": ["v"] * 65}, {"inputs": [{"text": "no voice"}]},
        {"voice_settings": {"stability": 2}}, {"inputs": [{"text": 5, "voice_id": "v"}]}, {"context_id": "c" * 257},
        {"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d"}]},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError):
        message(**members)


def test_a_message_prints_as_its_name() -> None:
    assert "secret" not in repr(message(inputs=[{"text": "secret", "voice_id": "v"}]))


@pytest.mark.parametrize(
    "pair", [("output_format", "wav_44100"), ("apply_text_normalization", "auto"), ("seed", "-1")]
)
def test_a_query_that_does_not_fit_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(UnprocessableError):
        DialogueSocketQuery.parse([pair])
