"""The speaker's pitch in the voice's range."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.core.voice_pitches import VoicePitch
from echoless.volatile.engines.sts.pitch_map import CEILING_HZ, FLOOR_HZ, PitchMap

pytestmark = pytest.mark.unit


def spoken(median_hz: float, spread_semitones: float, count: int = 2_000, seed: int = 1) -> np.ndarray:
    """Pitches of a speaker, every fourth frame without one."""
    semitones = np.random.default_rng(seed).normal(0, spread_semitones, count)
    pitch = median_hz * 2 ** (semitones / 12)
    pitch[::4] = 0
    return pitch


def middle_and_spread(pitch: np.ndarray) -> tuple[float, float]:
    low, middle, high = np.percentile(np.log2(pitch[pitch > 0]), [16, 50, 84])
    return float(2**middle), float(6 * (high - low))


@pytest.mark.parametrize("speaker_hz", [90, 130, 210, 300])
def test_middle_and_spread_become_those_of_the_voice(speaker_hz: float) -> None:
    pitch_map = PitchMap(VoicePitch(180, 2.5))
    middle, spread = middle_and_spread(pitch_map.learned(spoken(speaker_hz, 2.2), 1))
    assert middle == pytest.approx(180, rel=0.02)
    assert spread == pytest.approx(2.5, rel=0.1)


def test_frames_without_pitch_stay_so() -> None:
    said = spoken(100, 2)
    heard = PitchMap(VoicePitch(180, 2.5)).learned(said, 1)
    assert np.array_equal(heard > 0, said > 0)


def test_octave_errors_of_a_tracker_do_not_move_the_middle() -> None:
    said = spoken(110, 2)
    said[1::10] *= 2
    middle, _ = middle_and_spread(PitchMap(VoicePitch(180, 2.5)).learned(said, 1)[0::2])
    assert middle == pytest.approx(180, rel=0.05)


def test_nobody_is_made_a_singer_or_a_machine() -> None:
    flat = PitchMap(VoicePitch(100, 9.0)).learned(spoken(100, 1.0), 1)
    wild = PitchMap(VoicePitch(100, 0.5)).learned(spoken(100, 5.0), 1)
    assert middle_and_spread(flat)[1] < 2.0
    assert middle_and_spread(wild)[1] > 2.5


def test_what_is_learned_late_takes_effect_slowly() -> None:
    pitch_map = PitchMap(VoicePitch(200, 2.0))
    pitch_map.learned(np.full(400, 100.0), 60)
    heard = pitch_map.learned(np.full(4_000, 140.0), 60)
    assert heard[0] > 250
    assert np.abs(12 * np.diff(np.log2(heard))).max() < 0.25
    assert heard[-1] == pytest.approx(200, rel=0.03)


def test_pitches_stay_within_what_can_be_spoken() -> None:
    heard = PitchMap(VoicePitch(290, 3.0), liveliness=3.0).learned(spoken(100, 12.0), 1)
    voiced = heard[heard > 0]
    assert voiced.min() >= FLOOR_HZ
    assert voiced.max() <= CEILING_HZ


def test_the_vocal_tract_follows_the_pitch() -> None:
    """Peterson and Barney: formants about 17 per cent higher from a man's pitch to a woman's."""
    pitch_map = PitchMap(VoicePitch(223, 2.0))
    pitch_map.learned(spoken(132, 2.0), 1)
    assert pitch_map.warp == pytest.approx(1.17, rel=0.01)
    same = PitchMap(VoicePitch(132, 2.0))
    same.learned(spoken(132, 2.0), 1)
    assert same.warp == pytest.approx(1.0, rel=0.01)


def test_before_anybody_was_heard_nothing_breaks() -> None:
    pitch_map = PitchMap(VoicePitch(200, 2.0))
    assert not pitch_map.learned(np.zeros(100), 60).any()
    assert 0.8 <= pitch_map.warp <= 1.3
    assert len(pitch_map.learned(np.zeros(0), 60)) == 0


def test_what_was_learned_is_overwritten() -> None:
    pitch_map = PitchMap(VoicePitch(200, 2.0))
    pitch_map.learned(spoken(100, 2.0), 1)
    assert pitch_map._counts.any()
    pitch_map.close()
    assert not pitch_map._counts.any()
