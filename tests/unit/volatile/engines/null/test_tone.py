"""Tones in place of words."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance

pytestmark = pytest.mark.unit

VOICE = EngineVoice("any", "en", 50, 50, 175)


def test_each_word_has_a_mark_and_a_tone() -> None:
    text = "one three  five"
    pieces: list[AudioContent] = []
    spoken = ToneEngine().speak(
        Utterance(0, len(text), TextContent(text), tuple(range(len(text)))), VOICE, Delivery(), pieces.append
    )
    assert [(mark.spoken_start, mark.spoken_length) for mark in spoken.marks] == [(0, 3), (4, 5), (11, 4)]
    assert spoken.sample_count == pytest.approx(22_050 * (12 * 0.06 + 3 * 0.04), abs=6)
    assert b"".join(piece.reveal() for piece in pieces) == spoken.pcm.reveal()
    assert not ToneEngine().wants_retirement


def test_nothing_to_say_is_silence() -> None:
    spoken = ToneEngine().speak(Utterance(0, 0, TextContent(""), ()), VOICE, Delivery())
    assert spoken.sample_count == 0
    assert spoken.marks == ()
