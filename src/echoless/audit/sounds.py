"""Canaries that are heard: spoken words under noise that nobody else has, in the containers that clients send.

The words are said so that a recogniser has something to find; the noise makes every run of eight samples one of a
kind, in pauses too, and is strong enough that a lossy codec keeps something of it.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Speak = Callable[[str], Samples]
"""Says a text: mono samples at `SPOKEN_RATE_HZ`."""

SPOKEN_RATE_HZ: Final = 16_000
RAW: Final = "pcm"
# Long words that the embedded recogniser understands of the embedded voices; a word is in one list only, so that
# what may be kept is never taken for what must be nowhere.
ZERO_WORDS: Final = (
    "philadelphia", "cathedral", "parliament", "september", "switzerland", "motorcycle", "psychology", "policeman",
)  # fmt: skip
KEPT_WORDS: Final = (
    "university", "government", "supermarket", "washington", "crocodile", "astronomy", "microphone",
    "responsibility",
)  # fmt: skip
_WORDS_PER_SOUND: Final = 4
_NOISE: Final = 0.01
_FRAME_SAMPLES: Final = 1_024
_RATES_HZ: Final = {
    RAW: 16_000,
    "wav": 44_100,
    "mp3": 44_100,
    "m4a": 48_000,
    "flac": 22_050,
    "ogg": 48_000,
    "webm": 48_000,
}
_CODECS: Final = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    # Its index comes last, as phones write it: it cannot be decoded as it comes.
    "m4a": ("mp4", "aac", "fltp"),
    "flac": ("flac", "flac", "s16"),
    "ogg": ("ogg", "libopus", "flt"),
    "webm": ("webm", "libopus", "flt"),
}
CONTAINERS: Final = tuple(_RATES_HZ)


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording; it prints as its name.

    words:   what is said in it
    kind:    the container, one of `CONTAINERS`
    data:    the recording as it is uploaded
    rate_hz: of its samples
    product: that it was made for; empty for one that is never sent
    """

    name: str
    is_kept: bool
    kind: str
    rate_hz: int
    words: tuple[str, ...] = field(repr=False)
    data: bytes = field(repr=False)
    product: str = ""


class SoundMint:
    """Makes recordings, no two alike.

    seed: for tests; None takes the system's randomness
    """

    def __init__(self, speak: Speak, seed: int | None = None) -> None:
        self._speak = speak
        fixed = random.Random(seed)  # noqa: S311  # repeatable noise for tests; nothing secret is made of it
        self._random = random.SystemRandom() if seed is None else fixed
        self.sounds: list[Sound] = []
        self.product = ""

    def sound(
        self, name: str, kind: str, *, is_kept: bool, channel_count: int = 1, word_count: int = _WORDS_PER_SOUND
    ) -> Sound:
        """Return some words under noise in a container.

        channel_count: more than one puts other noise, and the same words, into each channel
        word_count:    more than there are in a list says it over and over
        """
        listed = KEPT_WORDS if is_kept else ZERO_WORDS
        words: tuple[str, ...] = ()
        while len(words) < word_count:
            words += tuple(self._random.sample(listed, min(word_count - len(words), len(listed))))
        rate_hz = _RATES_HZ[kind]
        spoken = self._speak(f"{', '.join(words)}.").astype(np.float64) / 32_768
        voice = soxr.resample(spoken, SPOKEN_RATE_HZ, rate_hz) if rate_hz != SPOKEN_RATE_HZ else spoken
        generator = np.random.default_rng(self._random.getrandbits(128))
        noise = generator.uniform(-_NOISE, _NOISE, (channel_count, len(voice)))
        samples = np.clip((voice * 0.8 + noise) * 32_767, -32_768, 32_767).astype(np.int16)
        data = contained(samples, kind, rate_hz)
        made = Sound(name, is_kept, kind, rate_hz, words, data, self.product)
        self.sounds.append(made)
        return made


def contained(samples: Samples, kind: str, rate_hz: int) -> bytes:
    """Return samples, shape (channels, samples), in a container; `pcm` is headerless."""
    if kind == RAW:
        return samples.T.tobytes()
    container_name, codec, sample_format = _CODECS[kind]
    layout = {1: "mono", 2: "stereo"}[len(samples)]
    out = io.BytesIO()
    with av.open(out, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout, format=sample_format)
        assert isinstance(stream, AudioStream), "a codec of sound makes a stream of sound"
        step = stream.codec_context.frame_size or _FRAME_SAMPLES
        for start in range(0, samples.shape[1], step):
            frame = _frame(samples[:, start : start + step], sample_format, layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _frame(samples: Samples, sample_format: str, layout: str) -> AudioFrame:
    arranged = samples if sample_format.endswith("p") else samples.T.reshape(1, -1)
    if sample_format == "s16":
        return AudioFrame.from_ndarray(
            np.ascontiguousarray(arranged, np.int16), format=sample_format, layout=layout
        )
    scaled = np.ascontiguousarray(arranged / np.float32(32_768), np.float32)
    return AudioFrame.from_ndarray(scaled, format=sample_format, layout=layout)
