"""Removal of steady background noise by FFmpeg's filter `afftdn`, which tracks the noise's spectrum and subtracts it.

source: FFmpeg's documentation of filters, afftdn
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from echoless.volatile.engines.media.decoder import Samples
from echoless.volatile.engines.media.sound import Frames

# Reduction and floor of the noise in dB, and the tracking of both.
_OPTIONS: Final = "nr=20:nf=-40:tn=1"


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
    """The filter for samples of one rate."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=rate_hz, format="fltp", layout="mono", time_base=Fraction(1, rate_hz)
        )
        noise_filter = self._graph.add("afftdn", _OPTIONS)
        sink = self._graph.add("abuffersink")
        source.link_to(noise_filter)
        noise_filter.link_to(sink)
        self._graph.configure()
        self._first_sample = 0
        self._owed = 0

    def convert(self, samples: Samples) -> Generator[tuple[int, Samples]]:
        """Give samples to the filter and yield what it has done."""
        frame = AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = self.rate_hz
        frame.time_base = Fraction(1, self.rate_hz)
        frame.pts = self._first_sample
        self._first_sample += frame.samples
        self._owed += frame.samples
        samples.fill(0.0)
        self._graph.push(frame)
        yield from self._done()

    def finish(self) -> Generator[tuple[int, Samples]]:
        """Yield what the filter held back."""
        self._graph.push(None)
        yield from self._done()

    def _done(self) -> Generator[tuple[int, Samples]]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, AudioFrame), "a filter of sound gives sound"
            samples = np.ascontiguousarray(frame.to_ndarray(), np.float32)[:, : self._owed]
            self._owed -= samples.shape[1]
            if samples.shape[1]:
                yield self.rate_hz, samples
