"""Both routes of the other dialect are planted in both modes, and refused with something in them."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.plantings.audio import AUDIO, audio_plantings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("product", ["speech", "transcriptions"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_both_routes_are_planted_in_both_modes(
    mint: CanaryMint, ground: Groundwork, product: str, is_kept: bool
) -> None:
    plantings = [
        p for p in audio_plantings(mint, ground, kept_too=True) if p.path.startswith(f"{AUDIO}/{product}?")
    ]
    assert any(p.is_answered and p.is_kept is is_kept for p in plantings)
    assert any(not p.is_answered and p.is_kept is is_kept for p in plantings)


def test_transcripts_are_taken_out_of_json_and_of_text(mint: CanaryMint, ground: Groundwork) -> None:
    heard = {p.name: p.transcript_of for p in audio_plantings(mint, ground, kept_too=False)}
    of_json, of_text = heard["zero/audio transcription json"], heard["zero/audio transcription text"]
    assert of_json is not None
    assert of_text is not None
    assert of_json(b'{"text": "a b"}') == of_text(b"a b") == "a b"
