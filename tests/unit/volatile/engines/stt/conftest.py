"""Speech for the tests, made by the embedded voice: no recording of a person lies in the repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.volatile.engines.codecs.resampling import Resampler
from echoless.volatile.engines.stt.pocketsphinx import SphinxRecognizer
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance

SPOKEN = "the weather is very beautiful today and we are going to the station"


def synthesised(engine: EspeakEngine, text: str, voice: str = "en-us+f2", pitch: int = 45) -> bytes:
    """Return 16 kHz samples of a text."""
    utterance = Utterance(0, len(text), TextContent(text), tuple(range(len(text))))
    spoken = engine.speak(utterance, EngineVoice(voice, "en", pitch, 50, 150), Delivery())
    return Resampler(engine.sample_rate_hz, 16_000).convert(spoken.pcm, is_last=True).reveal()


# A process has one espeak-ng: whoever comes next needs it free.
@pytest.fixture(scope="module")
def voice() -> Iterator[EspeakEngine]:
    """Return the embedded voice."""
    engine = EspeakEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def speech(voice: EspeakEngine) -> AudioContent:
    """Return SPOKEN as samples, with silence around it."""
    return AudioContent(bytes(16_000) + synthesised(voice, SPOKEN) + bytes(16_000))


@pytest.fixture(scope="session")
def recognizer() -> SphinxRecognizer:
    """Return a loaded recogniser."""
    return SphinxRecognizer()
