"""Recordings to be transcribed: every shape, both modes, and what an answer says."""

from __future__ import annotations

import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.plantings.speech_to_text import transcript_of, transcription_id, transcription_plantings
from echoless.audit.sounds import CONTAINERS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("is_kept", [False, True])
def test_every_container_is_heard_in_both_modes(mint: CanaryMint, ground: Groundwork, is_kept: bool) -> None:
    good = [p for p in transcription_plantings(mint, ground, kept_too=True) if p.is_answered]
    kinds = {p.sound.kind for p in good if p.sound is not None and p.is_kept is is_kept}
    assert kinds == set(CONTAINERS)


def test_the_text_of_one_channel_and_of_several_is_found() -> None:
    one, two = {"text": "a", "transcription_id": "t"}, {"text": "b"}
    assert transcript_of(json.dumps(one).encode()) == "a"
    assert transcript_of(json.dumps({"transcripts": [one, two]}).encode()) == "a\nb"
    assert transcription_id(json.dumps(one).encode()) == "t"
    assert transcription_id(json.dumps(two).encode()) == ""
