"""Conversion by WORLD: speech is taken apart into pitch, spectral envelope and breath, and put together anew.

The pitch is moved into the range of the voice, the envelope is stretched as the voice's vocal tract asks, and the
time stays as it was, to the sample. All of it happens in windows, so that memory does not grow with the recording:
each window is analysed with what lies around it, put together with a few frames more on both sides, and joined to
the one before where both waves fit best. Windows begin at fixed places, so the result does not depend on how the
samples came. WORLD restarts its noise at each synthesis: equal input gives equal output.
source: Morise, Yokomori, Ozawa, WORLD: a vocoder-based high-quality speech synthesis system (2016); Verhelst and
Roelands, WSOLA (1993), for the joints
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyworld
from numpy.typing import NDArray

from echoless.core.content import AudioContent
from echoless.core.voice_pitches import VoicePitch
from echoless.volatile.engines.sts.joining import Joint
from echoless.volatile.engines.sts.pitch_map import Floats, PitchMap

# At this rate WORLD's transforms are used to the full: they are as long at 16,000 Hz.
SAMPLE_RATE_HZ: Final = 24_000
FRAME_MS: Final = 5.0
FRAME_SAMPLES: Final = 120
# In frames. The first window is short: what comes out first is heard first.
_FIRST_WINDOW: Final = 300
_WINDOW: Final = 800
_CONTEXT: Final = 80
_SIDE: Final = 10
_CHANGE: Final = 60
_SAMPLES_MIN: Final = SAMPLE_RATE_HZ // 2
_FULL_SCALE: Final = 32_768.0


@dataclass(slots=True)
class _Frames:
    """What WORLD makes of consecutive frames.

    pitch:  Hz, 0 where there is none, shape (frames,)
    envelope, breath: power, and share of the noise in it, shape (frames, bins)
    """

    pitch: Floats
    envelope: Floats
    breath: Floats

    def __len__(self) -> int:
        return len(self.pitch)

    def part(self, start: int, end: int) -> _Frames:
        """Return a copy of some of them."""
        return _Frames(self.pitch[start:end].copy(), self.envelope[start:end].copy(), self.breath[start:end].copy())

    def after(self, others: _Frames) -> _Frames:
        """Return these behind others."""
        return _Frames(
            np.concatenate((others.pitch, self.pitch)),
            np.concatenate((others.envelope, self.envelope)),
            np.concatenate((others.breath, self.breath)),
        )

    def wipe(self) -> None:
        """Overwrite them."""
        for values in (self.pitch, self.envelope, self.breath):
            values.fill(0.0)


class WorldConversion:
    """A Conversion of one recording to one voice.

    liveliness: factor of the voice's spread of pitch
    """

    sample_rate_hz: Final = SAMPLE_RATE_HZ

    def __init__(self, voice: VoicePitch, liveliness: float = 1.0) -> None:
        self._map = PitchMap(voice, liveliness)
        self._is_whispered = voice.is_whispered
        self._samples = np.zeros(0)
        self._first_sample = 0
        self._frame = 0
        self._side: _Frames | None = None
        self._joint = Joint()

    def convert(self, pcm: AudioContent) -> AudioContent:
        """Take the next samples and return those that are ready."""
        self._take(pcm)
        ready: list[bytes] = []
        while self._end_sample >= (self._next_end + _CONTEXT) * FRAME_SAMPLES:
            ready.append(self._window(self._next_end))
        return AudioContent(b"".join(ready))

    def finish(self) -> AudioContent:
        """Return the last samples: in all as many as were taken."""
        sample_count = self._end_sample
        ready: list[bytes] = []
        while (sample_count // FRAME_SAMPLES + 1) - self._frame > _WINDOW + _CONTEXT:
            ready.append(self._window(self._next_end))
        if sample_count > self._joint.first_sample:
            end = sample_count // FRAME_SAMPLES + 1
            if sample_count > self._joint.end_sample or not self._frame:
                ready.append(self._window(end))
            ready.append(_rounded(self._joint.rest(sample_count)))
        self.close()
        return AudioContent(b"".join(ready))

    def close(self) -> None:
        """Overwrite and release everything."""
        self._samples.fill(0.0)
        self._samples = np.zeros(0)
        if self._side is not None:
            self._side.wipe()
        self._side = None
        self._joint.close()
        self._map.close()

    # --- samples ---

    @property
    def _end_sample(self) -> int:
        return self._first_sample + len(self._samples)

    @property
    def _next_end(self) -> int:
        return self._frame + (_WINDOW if self._frame else _FIRST_WINDOW)

    def _take(self, pcm: AudioContent) -> None:
        joined = np.concatenate((self._samples, np.frombuffer(pcm.reveal(), "<i2")))
        joined[len(self._samples) :] /= _FULL_SCALE
        self._samples.fill(0.0)
        self._samples = joined

    def _drop(self, first_sample: int) -> None:
        """Forget the samples before one; the others move to a place of their own."""
        count = min(max(0, first_sample - self._first_sample), len(self._samples))
        kept = self._samples[count:].copy()
        self._samples.fill(0.0)
        self._samples = kept
        self._first_sample += count

    # --- one window ---

    def _window(self, end: int) -> bytes:
        """Convert the frames up to one, and return the samples that are final."""
        start = self._frame
        frames = self._analysed(start, end)
        inner = min(end - start, len(frames))
        self._change(frames, inner)
        whole = frames if self._side is None else frames.after(self._side)
        lead = len(whole) - len(frames)
        wave = pyworld.synthesize(whole.pitch, whole.envelope, whole.breath, SAMPLE_RATE_HZ, FRAME_MS)
        if self._side is not None:
            self._side.wipe()
            whole.wipe()
        self._side = frames.part(max(0, inner - _SIDE), inner)
        frames.wipe()
        self._frame = end
        ready = self._joint.join(wave, (start - lead) * FRAME_SAMPLES, start * FRAME_SAMPLES, end * FRAME_SAMPLES)
        wave.fill(0.0)
        self._drop((end - _CONTEXT) * FRAME_SAMPLES)
        return _rounded(ready)

    def _analysed(self, start: int, end: int) -> _Frames:
        """Take the samples of frames apart, with what lies around them for the pitch, and a few frames more."""
        first = max(0, start - _CONTEXT)
        samples = self._samples[first * FRAME_SAMPLES - self._first_sample :]
        samples = samples[: (end - first + _CONTEXT) * FRAME_SAMPLES]
        # The tracker needs a stretch of sound, the frames at the end something behind them.
        padded = np.concatenate((samples, np.zeros(max(_SIDE * FRAME_SAMPLES, _SAMPLES_MIN - len(samples)))))
        rough, times = pyworld.dio(padded, SAMPLE_RATE_HZ, frame_period=FRAME_MS)
        pitch = pyworld.stonemask(padded, rough, times, SAMPLE_RATE_HZ)
        chosen = slice(start - first, min(end + _SIDE, first + len(pitch)) - first)
        pitch, times = np.ascontiguousarray(pitch[chosen]), np.ascontiguousarray(times[chosen])
        envelope = pyworld.cheaptrick(padded, pitch, times, SAMPLE_RATE_HZ)
        breath = pyworld.d4c(padded, pitch, times, SAMPLE_RATE_HZ)
        padded.fill(0.0)
        rough.fill(0.0)
        return _Frames(pitch, envelope, breath)

    def _change(self, frames: _Frames, inner: int) -> None:
        """Make frames those of the voice; only the inner ones are learned from."""
        original = frames.pitch
        frames.pitch = np.concatenate(
            (self._map.learned(original[:inner], _CHANGE), self._map.applied(original[inner:]))
        )
        original.fill(0.0)
        stretched = stretched_envelope(frames.envelope, self._map.warp)
        frames.envelope.fill(0.0)
        frames.envelope = stretched
        if self._is_whispered:
            frames.pitch.fill(0.0)
            frames.breath.fill(1.0)


def stretched_envelope(envelope: Floats, factor: float) -> Floats:
    """Return spectral envelopes with everything in them at a frequency higher by a factor, shape as before."""
    bin_count = envelope.shape[1]
    places = np.minimum(np.arange(bin_count) / factor, bin_count - 1)
    lower = np.minimum(places.astype(np.int64), bin_count - 2)
    share = places - lower
    return np.ascontiguousarray(envelope[:, lower] * (1.0 - share) + envelope[:, lower + 1] * share)


def _rounded(samples: NDArray[np.float64]) -> bytes:
    """Return 16-bit samples, and overwrite those given."""
    scaled = samples * _FULL_SCALE
    np.rint(scaled, out=scaled)
    np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1, out=scaled)
    rounded = scaled.astype("<i2")
    data = rounded.tobytes()
    for used in (samples, scaled, rounded):
        used.fill(0)
    return data
