"""Two windows become one wave."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.volatile.engines.sts.joining import FADE_SAMPLES, SHIFT_SAMPLES_MAX, Joint

pytestmark = pytest.mark.unit

SIDE = 1_200
PERIOD = 160


def wave(count: int, phase: float = 0.0) -> np.ndarray:
    return np.sin(2 * np.pi * (np.arange(count) / PERIOD + phase))


def joined(first: np.ndarray, second: np.ndarray, start: int, end: int) -> np.ndarray:
    """Two windows, the second of which begins SIDE samples before `start`."""
    joint = Joint()
    pieces = [joint.join(first, 0, 0, start), joint.join(second, start - SIDE, start, end), joint.rest(end)]
    return np.concatenate(pieces)


@pytest.mark.parametrize("phase", [0.0, 0.2, 0.5, 0.8])
def test_a_later_synthesis_is_moved_until_it_fits(phase: float) -> None:
    start, end = 6_000, 14_000
    whole = joined(wave(start + SIDE), wave(end - start + 2 * SIDE, phase), start, end)
    assert len(whole) == end
    levels = whole[: end // PERIOD * PERIOD].reshape(-1, PERIOD).std(axis=1)
    assert levels.min() > 0.98 * levels.max()
    assert np.abs(np.diff(whole)).max() < 1.02 * 2 * np.pi / PERIOD


def test_what_has_nothing_in_common_keeps_its_loudness() -> None:
    noise = np.random.default_rng(1)
    start, end = 24_000, 48_000
    levels = np.zeros(20)
    for _ in range(40):
        first, second = noise.normal(0, 1, start + SIDE), noise.normal(0, 1, end - start + 2 * SIDE)
        levels += joined(first, second, start, end)[start - 480 : start + 480].reshape(20, 48).var(axis=1)
    levels = np.sqrt(levels / 40)
    assert 0.9 < levels.min() <= levels.max() < 1.15


def test_before_and_after_the_joint_each_window_is_itself() -> None:
    start, end = 6_000, 14_000
    first, second = wave(start + SIDE), wave(end - start + 2 * SIDE) * 0.5
    whole = joined(first, second, start, end)
    assert np.array_equal(whole[: start - FADE_SAMPLES], first[: start - FADE_SAMPLES])
    assert set(np.abs(whole[start + FADE_SAMPLES :])) <= set(np.abs(second))


def test_silence_joins_with_silence() -> None:
    assert not joined(np.zeros(7_200), np.zeros(10_400), 6_000, 14_000).any()


def test_what_waits_is_overwritten_when_it_is_released() -> None:
    joint = Joint()
    joint.join(wave(7_200), 0, 0, 6_000)
    pending = joint._pending
    assert pending.any()
    assert (joint.first_sample, joint.end_sample) == (6_000 - FADE_SAMPLES, 7_200)
    joint.close()
    assert not pending.any()
    assert not joint.rest(8_000).any()


def test_a_window_has_more_at_its_sides_than_a_joint_can_need() -> None:
    assert SIDE >= 2 * FADE_SAMPLES + SHIFT_SAMPLES_MAX
