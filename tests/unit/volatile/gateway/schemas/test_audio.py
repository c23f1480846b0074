"""Bodies of the routes that speak another API's dialect."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.audio import AudioSpeechBody, AudioTranscriptionForm, CustomVoice

pytestmark = pytest.mark.unit
SPEECH = {"input": "a", "voice": "alloy"}


def test_a_voice_is_a_name_or_an_object_with_an_id() -> None:
    assert AudioSpeechBody.checked(SPEECH).voice == "alloy"
    assert AudioSpeechBody.checked(SPEECH | {"voice": {"id": "x"}}).voice == CustomVoice(id="x")


@pytest.mark.parametrize(
    "wrong", [{"voice": None}, {"voice": {}}, {"speed": 5}, {"response_format": "ogg"}, {"input": ""}, {"model": 5}]
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError):
        AudioSpeechBody.checked(SPEECH | wrong)


@pytest.mark.claim("Z14")
def test_bodies_print_nothing_of_what_was_said() -> None:
    body = AudioSpeechBody.checked(SPEECH | {"input": "canary", "instructions": "canary"})
    form = AudioTranscriptionForm.checked({"model": "whisper-1", "prompt": "canary"})
    assert "canary" not in repr([body, form])
