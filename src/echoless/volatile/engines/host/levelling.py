"""Levelled loudness: every turn of a dialogue is heard equally loud, whoever speaks it.

The loudness of a turn is a mean of the power of its speech, gated as in ITU-R BS.1770: blocks of 400 ms with an
overlap of three quarters, those below -70 dBFS left out, then those more than 10 dB below the mean of the rest.
Without that recommendation's frequency weighting: all voices of an engine have one bandwidth. The gain is bounded
in both directions, and no utterance gets more than its highest peak has room for.
source: ITU-R BS.1770-5, annex 1 (gating)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent
from echoless.volatile.speech.ports import SpokenAudio

TARGET_DBFS: Final = -20.0
GAIN_DB_MAX: Final = 12.0
_PEAK_DBFS_MAX: Final = -1.0
_BLOCK_S: Final = 0.4
_STEPS_PER_BLOCK: Final = 4
_ABSOLUTE_GATE_DBFS: Final = -70.0
_RELATIVE_GATE_DB: Final = -10.0
_FULL_SCALE: Final = 32_768.0
_SILENT_BELOW: Final = 33


def loudness_dbfs(pcm: AudioContent, sample_rate_hz: int) -> float | None:
    """Return the gated loudness of speech, or None where it is silent throughout.

    pcm:     mono signed 16-bit samples
    returns: 0 is a full-scale square wave
    """
    powers = _block_powers(pcm, sample_rate_hz)
    heard = powers[powers > _power(_ABSOLUTE_GATE_DBFS)]
    if not heard.size:
        return None
    gate = float(heard.mean()) * _power(_RELATIVE_GATE_DB)
    loudness = 10.0 * math.log10(float(heard[heard > gate].mean()))
    powers.fill(0.0)
    heard.fill(0.0)
    return loudness


def levelling_gain_db(pieces: Iterable[AudioContent], sample_rate_hz: int) -> float:
    """Return the gain that brings speech to the common loudness, within the bounds; 0 for silence."""
    pcm = AudioContent(b"".join(piece.reveal() for piece in pieces))
    loudness = loudness_dbfs(pcm, sample_rate_hz)
    if loudness is None:
        return 0.0
    room_db = _PEAK_DBFS_MAX - peak_dbfs(pcm)
    return min(max(TARGET_DBFS - loudness, -GAIN_DB_MAX), GAIN_DB_MAX, max(room_db, -GAIN_DB_MAX))


def louder(spoken: SpokenAudio, gain_db: float) -> SpokenAudio:
    """Return what was spoken with a gain, or with as much of it as its highest peak has room for."""
    if not gain_db or not len(spoken.pcm):
        return spoken
    room_db = max(_PEAK_DBFS_MAX - peak_dbfs(spoken.pcm), min(gain_db, 0.0))
    return SpokenAudio(amplified(spoken.pcm, min(gain_db, room_db)), spoken.marks)


def peak_dbfs(pcm: AudioContent) -> float:
    """Return the highest peak; minus infinity for silence."""
    samples = np.frombuffer(pcm.reveal(), "<i2")
    peak = max(int(samples.max(initial=0)), -int(samples.min(initial=0)))
    return 20.0 * math.log10(peak / _FULL_SCALE) if peak else -math.inf


def amplified(pcm: AudioContent, gain_db: float) -> AudioContent:
    """Return samples with a gain, cut off at full scale."""
    if not gain_db or not len(pcm):
        return pcm
    samples = np.frombuffer(pcm.reveal(), "<i2") * np.float32(10.0 ** (gain_db / 20.0))
    np.clip(samples, -_FULL_SCALE, _FULL_SCALE - 1, out=samples)
    rounded = np.rint(samples).astype("<i2")
    data = rounded.tobytes()
    # numpy keeps small arrays for reuse without overwriting them.
    samples.fill(0.0)
    rounded.fill(0)
    return AudioContent(data)


def without_silent_end(pcm: AudioContent) -> AudioContent:
    """Return samples up to the last one that can be heard, above -60 dBFS."""
    samples = np.frombuffer(pcm.reveal(), "<i2")
    heard = np.flatnonzero(np.abs(samples.astype(np.int32)) >= _SILENT_BELOW)
    end = int(heard[-1]) + 1 if heard.size else 0
    heard.fill(0)
    return pcm if end == samples.size else AudioContent(pcm.reveal()[: 2 * end])


def _block_powers(pcm: AudioContent, sample_rate_hz: int) -> NDArray[np.float64]:
    """Return the mean square of each block; a speech shorter than a block is one block."""
    samples = np.frombuffer(pcm.reveal(), "<i2").astype(np.float64)
    samples /= _FULL_SCALE
    squares = samples * samples
    samples.fill(0.0)
    step = max(1, int(sample_rate_hz * _BLOCK_S) // _STEPS_PER_BLOCK)
    step_count = squares.size // step
    if step_count < _STEPS_PER_BLOCK:
        powers = squares.mean(keepdims=True) if squares.size else np.zeros(1)
    else:
        steps = squares[: step_count * step].reshape(step_count, step).mean(axis=1)
        powers = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1.0 / _STEPS_PER_BLOCK), "valid")
        steps.fill(0.0)
    squares.fill(0.0)
    return powers


def _power(db: float) -> float:
    return float(10.0 ** (db / 10.0))
