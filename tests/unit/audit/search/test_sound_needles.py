"""A window of a recording is found in whatever form its samples stand in memory."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from echoless.audit.search.needles import MASK
from echoless.audit.search.sound_needles import as_ulaw, decoded, resampled, sound_needles
from echoless.audit.sounds import CONTAINERS, RAW, Sound, SoundMint
from tests.unit.audit.test_sounds import hum

pytestmark = pytest.mark.unit

Form = Callable[[NDArray[np.int16]], bytes]
FORMS: dict[str, Form] = {
    "int16": lambda x: x.tobytes(),
    "float32": lambda x: (x.astype(np.float32) / 32_768).tobytes(),
    "float64": lambda x: (x / 32_768).astype(np.float64).tobytes(),
    "float32 unscaled": lambda x: x.astype(np.float32).tobytes(),
    "float64 unscaled": lambda x: x.astype(np.float64).tobytes(),
    "mu-law": as_ulaw,
}


def _raw() -> Sound:
    return SoundMint(hum, seed=2).sound("it", RAW, is_kept=False)


def _kinds_found(sound: Sound, haystack: bytes) -> set[str]:
    return {n.kind for n in sound_needles(sound) if n.masked.translate(MASK) in haystack}


@pytest.mark.parametrize("form", FORMS)
def test_samples_are_found_in_every_form(form: str) -> None:
    sound = _raw()
    samples = np.frombuffer(sound.data, "<i2")
    assert f"pcm 16000 {form}" in _kinds_found(sound, FORMS[form](samples))
    assert f"pcm 16000 {form}" not in _kinds_found(sound, FORMS[form](samples[::-1]))


def test_an_upload_is_found_as_it_was_sent_and_in_base64() -> None:
    sound = SoundMint(hum, seed=2).sound("it", "mp3", is_kept=False)
    assert _kinds_found(sound, sound.data) == {"upload mp3"}
    assert _kinds_found(sound, base64.b64encode(sound.data)) == {"upload mp3 base64"}


@pytest.mark.parametrize("kind", [kind for kind in CONTAINERS if kind != RAW])
def test_samples_are_found_decoded_and_at_the_rate_of_the_engines(kind: str) -> None:
    sound = SoundMint(hum, seed=2).sound("it", kind, is_kept=False)
    (samples,) = decoded(sound)
    assert any("float32" in found for found in _kinds_found(sound, samples.tobytes()))
    slower = np.clip(np.rint(resampled(samples, sound.rate_hz, 16_000) * 32_768), -32_768, 32_767).astype("<i2")
    assert "at 16000 int16" in _kinds_found(sound, slower.tobytes())


def test_a_stream_in_pieces_resamples_to_the_same_windows() -> None:
    sound = SoundMint(hum, seed=2).sound("it", "mp3", is_kept=False)
    (samples,) = decoded(sound)
    stream = soxr.ResampleStream(sound.rate_hz, 16_000, 1, dtype="float32")
    pieces = [stream.resample_chunk(samples[start : start + 1_152]) for start in range(0, len(samples), 1_152)]
    pieces.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    whole = np.clip(np.rint(np.concatenate(pieces) * np.float32(32_768)), -32_768, 32_767).astype("<i2")
    assert "at 16000 int16" in _kinds_found(sound, whole.tobytes())


def test_the_mu_law_is_that_of_the_standard() -> None:
    """G.711: the ends of the scale, and the value nearest to silence."""
    assert as_ulaw(np.array([0, 32_767, -32_768, -1], np.int16)) == bytes([0xFF, 0x80, 0x00, 0x7F])
    back = [_expanded(code) for code in as_ulaw(np.array([1_000, -9_000], np.int16))]
    assert math.isclose(back[0], 1_000, rel_tol=0.04)
    assert math.isclose(back[1], -9_000, rel_tol=0.04)


def _expanded(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 7)) - 132
    return -value if code & 0x80 else value
