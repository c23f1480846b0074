"""Query and body of text to speech."""

from __future__ import annotations

import typing

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.text_to_speech import (
    SpeechBody,
    StreamedSpeechQuery,
    VoiceSettings,
    WholeSpeechQuery,
)

pytestmark = pytest.mark.unit


def formats(schema: type[WholeSpeechQuery]) -> set[str]:
    return set(typing.get_args(schema.model_fields["output_format"].annotation))


def test_streamed_formats_are_all_but_riff() -> None:
    assert formats(WholeSpeechQuery) == set(AUDIO_FORMATS)
    assert formats(WholeSpeechQuery) - formats(StreamedSpeechQuery) == {f for f in AUDIO_FORMATS if f[:3] == "wav"}


def test_history_is_kept_by_default() -> None:
    """The switch's default is on, as the contract has it."""
    assert WholeSpeechQuery.model_fields["enable_logging"].default is True


def test_settings_leave_out_what_is_null() -> None:
    settings = VoiceSettings.checked({"stability": None, "speed": 4, "use_speaker_boost": False})
    assert settings.given() == {"speed": 4.0, "use_speaker_boost": False}


@pytest.mark.parametrize("speed", [0.24, 4.01, "fast", float("nan")])
def test_speed_has_bounds(speed: object) -> None:
    with pytest.raises(UnprocessableError):
        SpeechBody.checked({"text": "a", "voice_settings": {"speed": speed}})
