"""Recordings hold words under noise of their own, in containers that decode to what was put in."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from echoless.audit.search.sound_needles import decoded
from echoless.audit.sounds import CONTAINERS, KEPT_WORDS, RAW, ZERO_WORDS, SoundMint

pytestmark = pytest.mark.unit


def hum(_text: str) -> NDArray[np.int16]:
    """A second of tone, in place of a voice."""
    return (8_000 * np.sin(np.arange(16_000) / 7)).astype(np.int16)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_container_decodes_to_about_what_was_put_in(kind: str) -> None:
    sound = SoundMint(hum, seed=1).sound("it", kind, is_kept=False)
    (samples,) = decoded(sound)
    assert len(samples) == pytest.approx(sound.rate_hz, rel=0.06)
    assert float(np.sqrt(np.mean(samples**2))) == pytest.approx(8_000 / 32_768 * 0.8 / np.sqrt(2), rel=0.15)


def test_channels_have_noise_of_their_own() -> None:
    sound = SoundMint(hum, seed=1).sound("it", "wav", is_kept=False, channel_count=2)
    left, right = decoded(sound)
    assert len(left) == len(right)
    assert not np.array_equal(left, right)


def test_no_two_recordings_are_alike() -> None:
    mint = SoundMint(hum, seed=1)
    data = [mint.sound(str(number), RAW, is_kept=False).data for number in range(3)]
    assert len(set(data)) == 3
    assert len(mint.sounds) == 3


def test_what_is_kept_and_what_is_not_share_no_word() -> None:
    mint = SoundMint(hum, seed=1)
    assert set(mint.sound("a", RAW, is_kept=True).words) <= set(KEPT_WORDS)
    assert set(mint.sound("b", RAW, is_kept=False).words) <= set(ZERO_WORDS)
    assert set(KEPT_WORDS).isdisjoint(ZERO_WORDS)


def test_a_recording_prints_without_its_words_and_its_data() -> None:
    sound = SoundMint(hum, seed=1).sound("it", RAW, is_kept=False)
    assert not any(word in repr(sound) for word in sound.words)
    assert "data" not in repr(sound)
