"""The table of pitches is what the voices really do."""

from __future__ import annotations

import pytest

from echoless.core.voice_pitches import PITCH_BY_VOICE_ID
from echoless.core.voices import VOICES
from tests.unit.volatile.engines.sts.conftest import Speak, median_hz

pytestmark = pytest.mark.unit

_EVERY = 4


@pytest.mark.parametrize("voice", VOICES[::_EVERY], ids=lambda voice: voice.name)
def test_a_voice_speaks_as_high_as_the_table_says(speak: Speak, voice: object) -> None:
    pitch = PITCH_BY_VOICE_ID[voice.catalogue_id]  # type: ignore[attr-defined]  # a catalogue voice
    if pitch.is_whispered:
        pytest.skip("a whispering voice has no pitch")
    measured = median_hz(speak(voice.catalogue_id))  # type: ignore[attr-defined]  # a catalogue voice
    assert measured == pytest.approx(pitch.median_hz, rel=0.06)
