"""Speech to convert: the embedded voices read, and a person where there is a recording of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import pyworld
import soxr

from echoless.core.content import AudioContent, TextContent
from echoless.core.voice_pitches import VoicePitch
from echoless.core.voices import VOICE_BY_ID
from echoless.volatile.engines.sts.world import SAMPLE_RATE_HZ, WorldConversion
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance

SPEECH_VARIABLE = "ECHOLESS_TEST_SPEECH"
# What core/voice_pitches.py was measured with.
SENTENCES = (
    "Hello, this is how I sound when I read to you. The quick brown fox jumps over the lazy dog, and nobody minds "
    "at all. We were away a year ago."
)
MALE_ID, FEMALE_ID, WHISPERING_ID = "pNInz6obpgDQGcFmaJgB", "EXAVITQu4vr4xnSDxMaL", "g5CIjZEefAph4nQFvHAz"

Speak = Callable[[str], np.ndarray]


@pytest.fixture(scope="module")
def speak() -> Iterator[Speak]:
    """Samples of a catalogue voice that reads SENTENCES in English, -1 to 1, at the rate of the conversion."""
    engine = EspeakEngine()

    def samples_of(catalogue_id: str) -> np.ndarray:
        voice = VOICE_BY_ID[catalogue_id]
        text = TextContent(SENTENCES)
        name = voice.engine_name_in("en")
        spoken_as = EngineVoice(name, "en", voice.pitch, voice.pitch_range, voice.words_per_minute)
        spoken = engine.speak(Utterance(0, len(text), text, tuple(range(len(text)))), spoken_as, Delivery())
        samples = np.frombuffer(spoken.pcm.reveal(), "<i2") / 32768
        return soxr.resample(samples, engine.sample_rate_hz, SAMPLE_RATE_HZ)

    yield samples_of
    engine.close()


@pytest.fixture(scope="module")
def human() -> np.ndarray:
    """Samples of a person who reads; skips aloud where ECHOLESS_TEST_SPEECH names no recording."""
    path = os.environ.get(SPEECH_VARIABLE, "")
    if not path:
        pytest.skip(f"{SPEECH_VARIABLE} names no recording of a person")
    with av.open(str(Path(path))) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]) / 32768


def pcm_of(samples: np.ndarray) -> bytes:
    return np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def converted(
    samples: np.ndarray, voice: VoicePitch, piece_samples: int = 6_000, liveliness: float = 1.0
) -> np.ndarray:
    """The whole conversion, -1 to 1."""
    conversion = WorldConversion(voice, liveliness)
    pcm = pcm_of(samples)
    out = b""
    for at in range(0, len(pcm), 2 * piece_samples):
        out += conversion.convert(AudioContent(pcm[at : at + 2 * piece_samples])).reveal()
    out += conversion.finish().reveal()
    return np.frombuffer(out, "<i2") / 32768


def pitch_of(samples: np.ndarray) -> np.ndarray:
    """The pitch of each frame, Hz; 0 where there is none."""
    rough, times = pyworld.dio(samples, SAMPLE_RATE_HZ)
    return pyworld.stonemask(samples, rough, times, SAMPLE_RATE_HZ)


def median_hz(samples: np.ndarray) -> float:
    pitch = pitch_of(samples)
    return float(np.median(pitch[pitch > 0]))


def spread_semitones(samples: np.ndarray) -> float:
    pitch = pitch_of(samples)
    low, high = np.percentile(np.log2(pitch[pitch > 0]), [16, 84])
    return float(6 * (high - low))
