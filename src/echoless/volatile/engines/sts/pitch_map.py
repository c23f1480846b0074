"""From the pitch of whoever speaks to the pitch range of a voice.

The logarithm of the pitch is shifted and stretched so that its middle and its spread become the voice's. Middle and
spread of the speaker are learned on the way, from a histogram that does not grow; percentiles do not mind the
octave errors of a pitch tracker. What is learned late takes effect slowly, so that the pitch never jumps.
source: Peterson and Barney, Control Methods Used in a Study of the Vowels (1952): women speak at 223 Hz where men
do at 132, with formants about 17 per cent higher
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.voice_pitches import VoicePitch

FLOOR_HZ: Final = 60.0
CEILING_HZ: Final = 900.0
_BINS_PER_OCTAVE: Final = 48
_OCTAVES: Final = float(np.log2(CEILING_HZ / FLOOR_HZ))
_SEMITONES: Final = 12.0
# A speaker may be more or less lively than the voice; nobody is made a singer or a machine.
_STRETCH_MIN, _STRETCH_MAX = 0.6, 1.8
_SPREAD_MIN: Final = 0.5 / _SEMITONES
# The length of the vocal tract follows the pitch: log(1.17) / log(223 / 132).
_TRACT_EXPONENT: Final = 0.3
_WARP_MIN, _WARP_MAX = 0.8, 1.3
# A voice whose owner has not been heard yet: between a man's and a woman's.
_UNKNOWN_HZ: Final = 150.0

Floats = NDArray[np.float64]


class PitchMap:
    """The map of one recording. Pitches are in Hz, 0 where there is none.

    liveliness: factor of the voice's spread
    """

    def __init__(self, target: VoicePitch, liveliness: float = 1.0) -> None:
        self._target_octaves = float(np.log2(target.median_hz / FLOOR_HZ))
        self._target_spread = max(target.spread_semitones / _SEMITONES, _SPREAD_MIN) * liveliness
        self._counts = np.zeros(int(_OCTAVES * _BINS_PER_OCTAVE) + 1, np.int64)
        self._middle = float(np.log2(_UNKNOWN_HZ / FLOOR_HZ))
        self._stretch = 1.0
        self._has_heard = False

    @property
    def warp(self) -> float:
        """How much higher the formants are to be: the speaker's vocal tract by the voice's."""
        factor = 2.0 ** (_TRACT_EXPONENT * (self._target_octaves - self._middle))
        return float(min(max(factor, _WARP_MIN), _WARP_MAX))

    def learned(self, pitch_hz: Floats, change_count: int) -> Floats:
        """Learn from the next frames, and return their pitch in the voice's range.

        change_count: over how many frames what has just been learned takes effect
        """
        before = (self._middle, self._stretch) if self._has_heard else None
        self._learn(pitch_hz)
        if before is None:
            return self.applied(pitch_hz)
        share = np.minimum(1.0, np.arange(1, len(pitch_hz) + 1) / change_count)
        middle = before[0] + (self._middle - before[0]) * share
        return self._moved(pitch_hz, middle, before[1] + (self._stretch - before[1]) * share)

    def applied(self, pitch_hz: Floats) -> Floats:
        """Return pitches in the voice's range, by what is known now."""
        return self._moved(pitch_hz, self._middle, self._stretch)

    def close(self) -> None:
        """Overwrite what was learned."""
        self._counts.fill(0)

    def _moved(self, pitch_hz: Floats, middle: Floats | float, stretch: Floats | float) -> Floats:
        voiced = pitch_hz > 0.0
        octaves = np.log2(np.where(voiced, pitch_hz, FLOOR_HZ) / FLOOR_HZ)
        moved = FLOOR_HZ * 2.0 ** (self._target_octaves + (octaves - middle) * stretch)
        return np.where(voiced, np.clip(moved, FLOOR_HZ, CEILING_HZ), 0.0)

    def _learn(self, pitch_hz: Floats) -> None:
        voiced = pitch_hz[pitch_hz > 0.0]
        if not voiced.size:
            return
        places = np.log2(voiced / FLOOR_HZ) * _BINS_PER_OCTAVE
        np.add.at(self._counts, np.clip(np.rint(places), 0, len(self._counts) - 1).astype(np.int64), 1)
        low, middle, high = self._percentiles(0.16, 0.5, 0.84)
        self._middle = middle
        spread = max((high - low) / 2.0, _SPREAD_MIN)
        self._stretch = float(min(max(self._target_spread / spread, _STRETCH_MIN), _STRETCH_MAX))
        self._has_heard = True

    def _percentiles(self, *shares: float) -> tuple[float, ...]:
        """Return percentiles of what was heard, in octaves above the floor."""
        cumulative = np.cumsum(self._counts)
        places = (float(np.searchsorted(cumulative, share * cumulative[-1])) for share in shares)
        return tuple(place / _BINS_PER_OCTAVE for place in places)
