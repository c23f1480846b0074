"""Live speech: committed by hand and by silence, one socket stays open, others are refused and vanish."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Script
from echoless.audit.plantings.speech_to_text_socket import listening_plantings, transcript_of_messages

pytestmark = pytest.mark.unit


def test_a_recording_is_sent_whole_in_base64(mint: CanaryMint, ground: Groundwork) -> None:
    plantings = list(listening_plantings(mint, ground, kept_too=False))
    (by_hand,) = (p for p in plantings if p.manner is Manner.CLOSED_BY_CLIENT and p.is_answered)
    assert isinstance(by_hand.body, Script)
    assert by_hand.sound is not None
    frames = [json.loads(frame) for frame in by_hand.body.frames]
    assert b"".join(base64.b64decode(frame["audio_base_64"]) for frame in frames) == by_hand.sound.data
    assert frames[-1]["commit"] is True


@pytest.mark.parametrize("manner", [Manner.HELD_OPEN, Manner.CANCELLED, Manner.LEFT_WHILE_SENDING])
def test_sockets_stay_open_and_vanish(mint: CanaryMint, ground: Groundwork, manner: Manner) -> None:
    assert manner in {p.manner for p in listening_plantings(mint, ground, kept_too=False)}


def test_everything_understood_is_found_in_the_messages() -> None:
    messages = [{"message_type": "session_started"}, {"text": "a"}, {"text": "a b"}]
    assert transcript_of_messages(b"\n".join(json.dumps(m).encode() for m in messages)) == "a\na b"
