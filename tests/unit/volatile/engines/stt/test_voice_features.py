"""Features of voices: equal for equal samples, apart for different voices."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.stt.voice_features import FEATURE_COUNT, voice_features
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.diarization import BasicDiarizer
from echoless.volatile.speech.windows import Window
from tests.unit.volatile.engines.stt.conftest import SPOKEN, synthesised

pytestmark = pytest.mark.unit


def test_there_is_a_row_for_each_hundredth_of_a_second(speech: AudioContent) -> None:
    rows = voice_features(speech)
    assert rows.shape == (round(len(speech) / 320), FEATURE_COUNT)
    assert np.array_equal(rows, voice_features(speech))
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("sample_count", [0, 1, 10])
def test_next_to_nothing_has_next_to_no_rows(sample_count: int) -> None:
    assert len(voice_features(AudioContent(bytes(2 * sample_count)))) <= 1


def test_synthetic_voices_are_told_apart(voice: EspeakEngine) -> None:
    diarizer = BasicDiarizer(voice_features)
    at_s = 0.0
    for name in ("en-us+f2", "en-us+m3", "en-us+f2", "en-us+m3"):
        pcm = synthesised(voice, SPOKEN, name)
        duration_s = len(pcm) / 32_000
        words = [(at_s + duration_s * part / 10, at_s + duration_s * (part + 1) / 10) for part in range(10)]
        diarizer.note(Window(at_s, AudioContent(pcm)), words)
        at_s += duration_s
    assert diarizer.speakers(2, None) == [0] * 10 + [1] * 10 + [0] * 10 + [1] * 10
