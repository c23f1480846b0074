"""Queries and bodies of voices."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.voices import StoredVoiceSettings, VoiceSearchQuery

pytestmark = pytest.mark.unit


def test_ids_may_be_repeated_up_to_a_hundred() -> None:
    assert VoiceSearchQuery.parse([("voice_ids", "a"), ("voice_ids", "b")]).voice_ids == ["a", "b"]
    with pytest.raises(UnprocessableError):
        VoiceSearchQuery.parse([("voice_ids", "a")] * 101)


def test_stored_settings_are_those_that_a_voice_has() -> None:
    assert set(StoredVoiceSettings.model_fields) == {
        "stability", "similarity_boost", "style", "use_speaker_boost", "speed",
    }  # fmt: skip
