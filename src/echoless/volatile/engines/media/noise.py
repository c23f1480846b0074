"""Removal of steady background noise by FFmpeg's filter `afftdn`, which subtracts a noise of a stated level.

The level is that of the quietest moments of the last seconds: what is left between words. A recording without such
noise passes as it is. The filter's delay is taken away, so nothing moves in time.
source: FFmpeg's documentation of filters, afftdn; its window is 25 ms long
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext

from echoless.volatile.engines.media.decoder import Samples
from echoless.volatile.engines.media.sound import Frames

_REDUCTION_DB: Final = 20
_FLOOR_DB_MIN, _FLOOR_DB_MAX = -80.0, -20.0
# The filter takes this much more for noise than the mean power of its quiet moments: noise has peaks.
_MARGIN_DB: Final = 5.0
_MOMENTS_PER_SECOND: Final = 50
_MOMENTS_KEPT: Final = 10 * _MOMENTS_PER_SECOND
_QUIET_SHARE: Final = 0.1
_STEPS_PER_SECOND: Final = 80
_DELAY_STEPS: Final = 2


def without_noise(frames: Frames) -> Generator[tuple[int, Samples]]:
    """Yield mono frames without their noise, as many samples as came in."""
    remover: _Remover | None = None
    for rate_hz, samples in frames:
        if remover is None or remover.rate_hz != rate_hz:
            if remover is not None:
                yield from remover.finish()
            remover = _Remover(rate_hz)
        yield from remover.convert(samples)
    if remover is not None:
        yield from remover.finish()


class _Remover:
    """The filter for samples of one rate. It looks at the first second before it begins."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._level = _QuietLevel(rate_hz)
        self._waiting: list[Samples] = []
        self._waiting_count = 0
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=rate_hz, format="fltp", layout="mono", time_base=Fraction(1, rate_hz)
        )
        self._filter: FilterContext = self._graph.add("afftdn", f"nr={_REDUCTION_DB}:nf={_FLOOR_DB_MIN}")
        sink = self._graph.add("abuffersink")
        source.link_to(self._filter)
        self._filter.link_to(sink)
        self._graph.configure()
        self._pushed_count = 0
        self._delay_count = rate_hz // _STEPS_PER_SECOND * _DELAY_STEPS
        self._early_count = self._delay_count
        self._owed_count = 0

    def convert(self, samples: Samples) -> Generator[tuple[int, Samples]]:
        """Give samples to the filter and yield what it has done."""
        self._level.hear(samples[0])
        self._owed_count += samples.shape[1]
        self._waiting.append(samples)
        self._waiting_count += samples.shape[1]
        if self._pushed_count or self._waiting_count >= self.rate_hz:
            yield from self._push()

    def finish(self) -> Generator[tuple[int, Samples]]:
        """Yield what the filter held back."""
        self._waiting.append(np.zeros((1, self._delay_count), np.float32))
        yield from self._push()
        self._graph.push(None)
        yield from self._done()

    def _push(self) -> Generator[tuple[int, Samples]]:
        floor_db = min(max(self._level.dbfs + _MARGIN_DB, _FLOOR_DB_MIN), _FLOOR_DB_MAX)
        self._filter.process_command("nf", f"{floor_db:.1f}")
        waiting, self._waiting, self._waiting_count = self._waiting, [], 0
        for samples in waiting:
            frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate = self.rate_hz
            frame.time_base = Fraction(1, self.rate_hz)
            frame.pts = self._pushed_count
            self._pushed_count += frame.samples
            samples.fill(0.0)
            self._graph.push(frame)
            yield from self._done()

    def _done(self) -> Generator[tuple[int, Samples]]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame), "a filter of sound gives sound"
            samples = np.ascontiguousarray(frame.to_ndarray(), np.float32)
            early = min(self._early_count, samples.shape[1])
            self._early_count -= early
            samples = samples[:, early : early + self._owed_count]
            self._owed_count -= samples.shape[1]
            if samples.shape[1]:
                yield self.rate_hz, samples


class _QuietLevel:
    """The level of the quietest moments of the last seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._moment_samples = max(1, rate_hz // _MOMENTS_PER_SECOND)
        self._powers: deque[float] = deque(maxlen=_MOMENTS_KEPT)
        self._power = 0.0
        self._count = 0

    def hear(self, samples: Samples) -> None:
        """Take samples, shape (samples,)."""
        self._power += float(np.dot(samples, samples))
        self._count += len(samples)
        if self._count >= self._moment_samples:
            self._powers.append(self._power / self._count)
            self._power, self._count = 0.0, 0

    @property
    def dbfs(self) -> float:
        """Decibels below full scale; very few for silence."""
        if not self._powers:
            return _FLOOR_DB_MIN - _MARGIN_DB
        power = sorted(self._powers)[int(len(self._powers) * _QUIET_SHARE)]
        return float(10.0 * np.log10(max(power, 1e-12)))
