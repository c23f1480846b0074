"""Voice is told from silence."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.vad.webrtc import LEVELS, WebRtcVoiceActivity, level_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("level", LEVELS)
def test_digital_silence_is_no_speech(level: int) -> None:
    detector = WebRtcVoiceActivity(level)
    assert not any(detector.is_speech(AudioContent(bytes(960))) for _ in range(50))


@pytest.mark.parametrize(("threshold", "level"), [(0.1, 0), (0.3, 1), (0.4, 1), (0.55, 2), (0.75, 3), (0.9, 3)])
def test_a_higher_threshold_takes_less_for_speech(threshold: float, level: int) -> None:
    assert level_of(threshold) == level
