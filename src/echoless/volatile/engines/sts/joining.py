"""Joins windows of speech to one wave, without a click.

Two syntheses of the same moment differ in the places of their pulses. The later one is moved by up to a period
until it fits the earlier one best, and both are faded over; what they have in common keeps its loudness, and so
does what they do not.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from echoless.volatile.engines.sts.pitch_map import Floats

# In samples at the rate of the conversion: 20 ms to each side of a joint, and 10 ms of motion.
FADE_SAMPLES: Final = 480
SHIFT_SAMPLES_MAX: Final = 240


class Joint:
    """The end of what has been synthesised, which waits for what follows it.

    first_sample: where it begins, counted from the start of the recording
    """

    def __init__(self) -> None:
        self._pending = np.zeros(0)
        self.first_sample = 0

    @property
    def end_sample(self) -> int:
        """Up to where samples are there."""
        return self.first_sample + len(self._pending)

    def join(self, wave: Floats, wave_start: int, start: int, end: int) -> Floats:
        """Append a window, and return what is final.

        wave:       from `wave_start` on, beginning FADE_SAMPLES + SHIFT_SAMPLES_MAX or more before `start`, and
                    ending as much behind `end`; the first window begins at `start`
        start, end: of the window
        """
        pieces: list[Floats] = []
        at = start - wave_start
        if len(self._pending):
            at -= FADE_SAMPLES
            tail = self._pending[: 2 * FADE_SAMPLES]
            at += _best_shift(tail, wave, at)
            pieces.append(_faded(tail, wave[at : at + len(tail)]))
            at += len(tail)
            self._pending.fill(0.0)
        first_sample = start + (FADE_SAMPLES if pieces else 0)
        final = max(0, end - FADE_SAMPLES - first_sample)
        pieces.append(wave[at : at + final])
        self._pending = wave[at + final :].copy()
        self.first_sample = first_sample + final
        return np.concatenate(pieces)

    def rest(self, end_sample: int) -> Floats:
        """Return what waits, up to a sample; silence where there is none."""
        rest = np.zeros(max(0, end_sample - self.first_sample))
        taken = self._pending[: len(rest)]
        rest[: len(taken)] = taken
        self.close()
        return rest

    def close(self) -> None:
        """Overwrite what waits."""
        self._pending.fill(0.0)
        self._pending = np.zeros(0)


def _best_shift(tail: Floats, wave: Floats, at: int) -> int:
    """Return by how much later than `at` the wave fits best."""
    reach = wave[at - SHIFT_SAMPLES_MAX : at + SHIFT_SAMPLES_MAX + len(tail)]
    fit = np.correlate(reach, tail, "valid")
    squares = np.cumsum(np.concatenate(((0.0,), reach * reach)))
    power = squares[len(tail) :] - squares[: -len(tail)]
    fit /= np.sqrt(np.maximum(power, 1e-12))
    return int(np.argmax(fit)) - SHIFT_SAMPLES_MAX


def _faded(before: Floats, after: Floats) -> Floats:
    """Return one wave that becomes the other, as loud as both."""
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(len(before)) + 0.5) / len(before))
    fall = 1.0 - rise
    energy = float(np.sqrt((before @ before) * (after @ after)))
    likeness = min(max(float(before @ after) / energy, 0.0), 1.0) if energy else 1.0
    loudness = np.sqrt(rise * rise + fall * fall + 2.0 * likeness * rise * fall)
    return (before * fall + after * rise) / loudness
