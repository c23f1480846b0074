"""Canaries go wherever a client can put something, in both modes."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.plantings import Manner, Planting, all_plantings

pytestmark = pytest.mark.unit


def _sent(planting: Planting) -> str:
    body = (
        planting.body.decode()
        if isinstance(planting.body, bytes)
        else json.dumps(planting.body, ensure_ascii=False)
    )
    return unquote(planting.path) + body + json.dumps(dict(planting.headers))


def test_every_canary_is_in_some_request() -> None:
    mint = CanaryMint(seed=1)
    sent = "".join(_sent(planting) for planting in all_plantings(mint))
    missing = [canary.name for canary in mint.canaries if not any(word in sent for word in canary.words)]
    assert missing == []


@pytest.mark.parametrize("suffix", ["?", "/stream?", "/with-timestamps?", "/stream/with-timestamps?"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_every_route_is_planted_in_both_modes(suffix: str, is_kept: bool) -> None:
    good = [p for p in all_plantings(CanaryMint(seed=2)) if p.text is not None and p.is_kept is is_kept]
    found = [p for p in good if p.path.split("JBFqnCBsd6RMkjVDRZzb", 1)[1].startswith(suffix)]
    assert found
    assert all(("enable_logging=false" in p.path) is not is_kept for p in found)


def test_clauses_have_5_300_and_5000_characters() -> None:
    texts = [p.text for p in all_plantings(CanaryMint(seed=3)) if "clause" in p.name]
    lengths = {len(text.text) for text in texts if text is not None}
    assert len(lengths) == 3
    assert 5 in lengths
    assert max(lengths) > 4_900


def test_departures_and_errors_are_planted_too() -> None:
    plantings = all_plantings(CanaryMint(seed=4))
    assert {planting.manner for planting in plantings} == set(Manner)
    assert {400, 401, 404, 422} <= {status for planting in plantings for status in planting.statuses}


def test_nothing_is_kept_where_that_is_asked_for() -> None:
    mint = CanaryMint(seed=5)
    all_plantings(mint, kept_too=False)
    assert mint.where(is_kept=True) == ()


def test_audio_is_taken_out_of_json_and_of_lines() -> None:
    audio = {p.name: p.audio_of for p in all_plantings(CanaryMint(seed=6))}
    piece = json.dumps({"audio_base64": base64.b64encode(b"audio").decode()}).encode()
    assert audio["zero/T1"](b"audio") == audio["zero/T3"](piece) == b"audio"
    assert audio["zero/T4"](piece + b"\n\n" + piece + b"\n") == b"audioaudio"


def test_a_planting_prints_without_its_words() -> None:
    mint = CanaryMint(seed=7)
    shown = repr([p for p in all_plantings(mint) if p.text is not None and "clause" in p.name])
    assert mint.anchor not in shown
