"""The pitches of the premade voices, as data."""

from __future__ import annotations

import pytest

from echoless.core.voice_pitches import PITCH_BY_VOICE_ID
from echoless.core.voices import VOICES

pytestmark = pytest.mark.unit


def test_every_voice_has_a_pitch_and_no_other() -> None:
    assert PITCH_BY_VOICE_ID.keys() == {voice.catalogue_id for voice in VOICES}


def test_pitches_are_those_of_people() -> None:
    for pitch in PITCH_BY_VOICE_ID.values():
        assert 70 <= pitch.median_hz <= 300
        assert 0.4 <= pitch.spread_semitones <= 5


def test_women_speak_higher_than_men() -> None:
    by_gender = {
        gender: [PITCH_BY_VOICE_ID[voice.catalogue_id].median_hz for voice in VOICES if voice.gender == gender]
        for gender in ("male", "female")
    }
    assert min(by_gender["female"]) > max(by_gender["male"])


def test_the_whispering_voices_are_known() -> None:
    whispering = {voice.name for voice in VOICES if PITCH_BY_VOICE_ID[voice.catalogue_id].is_whispered}
    assert whispering == {voice.name for voice in VOICES if "whisper" in voice.engine_name}
