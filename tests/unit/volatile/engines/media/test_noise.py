"""Steady noise goes, speech stays where it was."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from echoless.volatile.engines.media.noise import without_noise

pytestmark = pytest.mark.unit


def bursts(rate_hz: int, seconds: int = 8) -> np.ndarray:
    """A tone that comes and goes twice a second, so that there are quiet moments."""
    times = np.arange(rate_hz * seconds) / rate_hz
    return (np.sin(2 * np.pi * 440 * times) * 0.2 * (times % 0.5 < 0.25)).astype(np.float32)


def cleaned(samples: np.ndarray, rate_hz: int, frame_samples: int = 1024) -> np.ndarray:
    def frames() -> Iterator[tuple[int, np.ndarray]]:
        for at in range(0, len(samples), frame_samples):
            yield rate_hz, samples[None, at : at + frame_samples].copy()

    return np.concatenate([done for _, done in without_noise(frames())], axis=1)[0]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_as_many_samples_come_out_and_none_has_moved(rate_hz: int) -> None:
    samples = bursts(rate_hz)
    done = cleaned(samples, rate_hz)
    assert len(done) == len(samples)
    start = rate_hz * 2
    window = done[start : start + rate_hz]
    fits = [float(window @ samples[start + shift : start + shift + rate_hz]) for shift in range(-900, 900)]
    # The tone repeats itself, so only the best of all places counts.
    assert abs(int(np.argmax(fits)) - 900) <= 2


@pytest.mark.parametrize("level", [0.003, 0.01, 0.03])
def test_noise_between_words_becomes_at_least_twelve_decibels_quieter(level: float) -> None:
    rate_hz = 16_000
    speech = bursts(rate_hz)
    noise = np.random.default_rng(1).normal(0, level, len(speech)).astype(np.float32)
    done = cleaned(speech + noise, rate_hz)
    times = np.arange(len(speech)) / rate_hz
    quiet = (times % 0.5 > 0.3) & (times % 0.5 < 0.48) & (times > 1)
    loud = (times % 0.5 > 0.05) & (times % 0.5 < 0.2) & (times > 1)
    assert done[quiet].std() < noise[quiet].std() / 4
    assert done[loud].std() > 0.9 * speech[loud].std()


def test_a_recording_without_noise_passes_as_it_is() -> None:
    samples = bursts(16_000)
    assert np.abs(cleaned(samples, 16_000) - samples)[16_000:].max() < 0.003


def test_a_recording_shorter_than_the_first_look_passes() -> None:
    samples = bursts(16_000, 1)[:4_000]
    assert len(cleaned(samples, 16_000)) == 4_000


def test_the_result_does_not_depend_much_on_how_the_samples_came() -> None:
    samples = bursts(16_000) + np.random.default_rng(2).normal(0, 0.01, 128_000).astype(np.float32)
    one, other = cleaned(samples, 16_000, 320), cleaned(samples, 16_000, 3_000)
    assert np.abs(one - other).std() < 0.01
