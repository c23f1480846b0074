"""Single texts: every route, clauses of every length, and the audio in each form of answer."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.plantings.text_to_speech import speech_plantings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("suffix", ["?", "/stream?", "/with-timestamps?", "/stream/with-timestamps?"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_every_route_is_planted_in_both_modes(suffix: str, is_kept: bool) -> None:
    plantings = speech_plantings(CanaryMint(seed=2), kept_too=True)
    good = [p for p in plantings if p.text is not None and p.is_kept is is_kept]
    found = [p for p in good if p.path.split("JBFqnCBsd6RMkjVDRZzb", 1)[1].startswith(suffix)]
    assert found
    assert all(("enable_logging=false" in p.path) is not is_kept for p in found)


def test_clauses_have_5_300_and_5000_characters() -> None:
    texts = [p.text for p in speech_plantings(CanaryMint(seed=3), kept_too=True) if "clause" in p.name]
    lengths = {len(text.text) for text in texts if text is not None}
    assert len(lengths) == 3
    assert 5 in lengths
    assert max(lengths) > 4_900


def test_audio_is_taken_out_of_json_and_of_lines() -> None:
    audio = {p.name: p.audio_of for p in speech_plantings(CanaryMint(seed=6), kept_too=True)}
    piece = json.dumps({"audio_base64": base64.b64encode(b"audio").decode()}).encode()
    assert audio["zero/T1"](b"audio") == audio["zero/T3"](piece) == b"audio"
    assert audio["zero/T4"](piece + b"\n\n" + piece + b"\n") == b"audioaudio"
