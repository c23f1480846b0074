"""What a server made is searched for in the form in which it came."""

from __future__ import annotations

import base64
import random

import numpy as np
import pytest

from echoless.audit.planting import Planting
from echoless.audit.plantings.text_to_speech import audio_of_json
from echoless.audit.rounds import made_needles
from echoless.audit.search.finder import Finder, mask
from echoless.audit.sending import Spoken
from echoless.audit.sounds import SoundMint
from tests.unit.audit.test_sounds import hum

pytestmark = pytest.mark.unit


def _spoken(name: str, audio: bytes, *, is_json: bool = False) -> Spoken:
    planting = Planting(name, False, "POST", "/", {}, output_format="mp3_44100_128")
    if is_json:
        planting = Planting(name, False, "POST", "/", {}, output_format="mp3_44100_128", audio_of=audio_of_json)
    return Spoken(planting, audio)


def _owners(spoken: list[Spoken], haystack: bytes) -> set[str]:
    masked = mask(haystack)
    return {needle.owner for _, needle in Finder(made_needles(spoken)).find(masked, len(masked))}


def test_audio_is_found_as_it_is_and_in_base64_where_it_came_so() -> None:
    noise = random.Random(1)  # repeatable noise for a test
    plain, packed = noise.randbytes(8_000), noise.randbytes(8_000)
    spoken = [_spoken("zero/plain", plain), _spoken("zero/packed", packed, is_json=True)]
    assert _owners(spoken, b"..." + plain[1_000:5_000]) == {"zero/plain/audio"}
    assert _owners(spoken, base64.b64encode(packed)) == {"zero/packed/audio"}
    assert _owners(spoken, base64.b64encode(plain)) == set()


def test_a_transcript_is_found_by_its_words() -> None:
    sound = SoundMint(hum, seed=1).sound("zero/A1", "wav", is_kept=False)
    planting = Planting("zero/A1", False, "POST", "/", {}, sound=sound)
    transcript = f"well {sound.words[0]} and {sound.words[1]} again"
    assert _owners([Spoken(planting, b"", transcript=transcript)], transcript.encode()) == {"zero/A1/heard"}


def test_linear_audio_is_found_as_the_numbers_that_an_engine_works_with() -> None:
    noise = np.random.default_rng(1)  # repeatable noise for a test
    samples = {name: noise.integers(-9_000, 9_000, 20_000).astype("<i2") for name in ("zero/one", "zero/two")}
    spoken = [
        Spoken(Planting(name, False, "POST", "/", {}, output_format="pcm_22050"), each.tobytes())
        for name, each in samples.items()
    ]
    wanted = samples["zero/one"]
    for kept in (wanted.astype("<f4") / 32_768, wanted / 32_768.0, wanted.astype("<f4"), wanted.astype("<f8")):
        assert _owners(spoken, kept.tobytes()) == {"zero/one/audio"}
    assert _owners(spoken, noise.random(20_000).tobytes()) == set()


def test_what_the_voice_says_alike_in_another_text_tells_nothing() -> None:
    samples = np.random.default_rng(2).integers(-9_000, 9_000, 20_000).astype("<i2")
    spoken = [
        Spoken(Planting(name, False, "POST", "/", {}, output_format="pcm_22050"), samples.tobytes())
        for name in ("zero/one", "kept/one")
    ]
    assert made_needles(spoken) == []
