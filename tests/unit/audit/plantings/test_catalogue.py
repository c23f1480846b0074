"""Canaries go wherever a client can put something, in both modes and for every product."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from urllib.parse import unquote

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.planting import Form, Manner, Planting, Script
from echoless.audit.plantings.catalogue import PRODUCTS, QUICK, all_plantings, has_sounds, quick_plantings
from echoless.core.errors import EcholessError
from tests.unit.audit.plantings.conftest import ground_of

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def mint() -> CanaryMint:
    return CanaryMint(seed=1)


@pytest.fixture(scope="module")
def plantings(mint: CanaryMint) -> tuple[Planting, ...]:
    return all_plantings(mint, ground_of(mint))


def _sent(planting: Planting) -> str:
    match planting.body:
        case bytes():
            body = planting.body.decode()
        case Form():
            body = planting.body.encoded().decode("utf-8", "replace").replace("\\u00e9", "é")
        case Script():
            frames = (f if isinstance(f, str) else f.decode("utf-8", "replace") for f in planting.body.frames)
            body = "".join(_unescaped(frame) for frame in frames)
        case _:
            body = json.dumps(planting.body, ensure_ascii=False)
    return unquote(planting.path) + body + json.dumps(dict(planting.headers))


def _unescaped(frame: str) -> str:
    try:
        message = json.loads(frame)
    except ValueError:
        return frame
    audio = message.get("audio_base_64", "") if isinstance(message, dict) else ""
    plain = base64.b64decode(audio).decode("ascii", "replace") if len(audio) % 4 == 0 and " " not in audio else ""
    return json.dumps(message, ensure_ascii=False) + plain


def test_every_canary_is_in_some_request(mint: CanaryMint, plantings: Sequence[Planting]) -> None:
    sent = "".join(_sent(planting) for planting in plantings)
    missing = [canary.name for canary in mint.canaries if not any(word in sent for word in canary.words)]
    assert missing == []


ROUTES = [
    "/v1/text-to-speech/",
    "/v1/text-to-dialogue",
    "/v1/text-to-dialogue/stream-input",
    "/v1/speech-to-speech/",
    "/v1/voice-changer/",
    "/v1/speech-to-text?",
    "/v1/speech-to-text/realtime",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
]


@pytest.mark.parametrize("product", ROUTES)
@pytest.mark.parametrize("is_kept", [False, True])
def test_every_product_is_planted_in_both_modes(plantings: Sequence[Planting], product: str, is_kept: bool) -> None:
    good = [p for p in plantings if p.is_answered and p.is_kept is is_kept and product in p.path]
    assert good
    assert all(("enable_logging=false" in p.path) is not is_kept for p in good)


def test_names_of_plantings_are_their_own_and_say_the_mode(plantings: Sequence[Planting]) -> None:
    names = [planting.name for planting in plantings]
    assert len(set(names)) == len(names)
    said = [p for p in plantings if p.is_answered]
    assert all(p.name.startswith("kept/" if p.is_kept else "zero/") for p in said)


def test_departures_and_errors_are_planted_too(plantings: Sequence[Planting]) -> None:
    assert {planting.manner for planting in plantings} == set(Manner)
    assert {400, 401, 404, 422, 1008} <= {status for planting in plantings for status in planting.statuses}


def test_nothing_is_kept_where_that_is_asked_for() -> None:
    mint = CanaryMint(seed=1)
    all_plantings(mint, ground_of(mint), kept_too=False)
    assert [canary.name for canary in mint.where(is_kept=True)] == ["kept/string"]


def test_a_planting_prints_without_its_words(mint: CanaryMint, plantings: Sequence[Planting]) -> None:
    assert mint.anchor not in repr(plantings)
    assert mint.anchor not in repr([p.body for p in plantings if isinstance(p.body, Form | Script)])


def test_an_audit_of_one_product_plants_in_that_one_and_all_of_them_are_the_whole(
    plantings: Sequence[Planting],
) -> None:
    def names(product: str) -> set[str]:
        mint = CanaryMint(seed=1)
        return {planting.name for planting in all_plantings(mint, ground_of(mint), only=(product,))}

    parts = [names(product) for product in PRODUCTS]
    assert all(parts)
    whole = {planting.name for planting in plantings}
    assert sum(len(part) for part in parts) == len(whole)
    assert set().union(*parts) == whole


def test_a_product_that_is_never_audited_is_refused_with_the_list() -> None:
    mint = CanaryMint(seed=1)
    with pytest.raises(EcholessError, match="voice_changer"):
        all_plantings(mint, ground_of(mint), only=("music",))


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_quick_audit_plants_a_few_telling_requests_and_forgets_what_is_in_none(product: str) -> None:
    mint = CanaryMint(seed=1)
    ground = ground_of(mint)
    chosen = quick_plantings(mint, ground, only=(product,))
    assert {planting.name for planting in chosen} == QUICK[product]
    assert {planting.is_kept for planting in chosen} == {True, False}
    sent = "".join(_sent(planting) for planting in chosen)
    told = [canary for canary in mint.canaries if canary.name != "kept/string"]
    assert told
    assert all(any(word in sent for word in canary.words) for canary in told)
    assert {sound.name for sound in ground.sounds.sounds} == {p.sound.name for p in chosen if p.sound is not None}
    assert bool(ground.sounds.sounds) is has_sounds((product,))
    assert {canary.product for canary in told} == {product}


def test_a_quick_audit_is_one_of_text_to_speech_unless_told() -> None:
    mint = CanaryMint(seed=1)
    chosen = quick_plantings(mint, ground_of(mint))
    assert {planting.name for planting in chosen} == QUICK["text_to_speech"]
    assert 10 <= len(chosen) <= 15
