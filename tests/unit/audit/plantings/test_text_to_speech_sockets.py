"""Sockets of text to speech: spoken, left open, refused and vanished."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner, Planting
from echoless.audit.plantings.text_to_speech_sockets import audio_of_messages, speech_socket_plantings

pytestmark = pytest.mark.unit


@pytest.fixture
def plantings(mint: CanaryMint, ground: Groundwork) -> list[Planting]:
    return list(speech_socket_plantings(mint, ground, kept_too=True))


@pytest.mark.parametrize("suffix", ["stream-input", "multi-stream-input"])
def test_both_sockets_are_planted_to_their_end_and_left_open(plantings: list[Planting], suffix: str) -> None:
    found = [p for p in plantings if p.text is not None and f"/{suffix}?" in p.path and not p.is_kept]
    assert {Manner.WHOLE, Manner.HELD_OPEN} <= {p.manner for p in found}
    assert all(p.is_socket and p.method == "WS" for p in found)


def test_a_socket_is_refused_and_vanishes_in_more_than_one_way(plantings: list[Planting]) -> None:
    assert len([p for p in plantings if p.statuses == (1008,) and not p.is_kept]) >= 8
    assert {Manner.CANCELLED, Manner.LEFT_WHILE_SENDING} <= {p.manner for p in plantings}


def test_audio_is_taken_out_of_messages() -> None:
    piece = base64.b64encode(b"audio").decode()
    messages = [{"audio": piece}, {"audio": None, "isFinal": True}, {"audio": piece}]
    assert audio_of_messages(b"\n".join(json.dumps(m).encode() for m in messages)) == b"audioaudio"
