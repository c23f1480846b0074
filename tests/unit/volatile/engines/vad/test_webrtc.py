"""Voice is told from silence."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.vad.webrtc import LEVELS, WebRtcVoiceActivity

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("level", LEVELS)
def test_digital_silence_is_no_speech(level: int) -> None:
    detector = WebRtcVoiceActivity(level)
    assert not any(detector.is_speech(AudioContent(bytes(960))) for _ in range(50))
