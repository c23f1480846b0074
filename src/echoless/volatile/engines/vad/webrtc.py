"""Voice activity by WebRTC's detector: small Gaussian models of six bands, adapted as it listens.

It keeps noise levels of its recording, never samples: each recording gets a detector of its own.
"""

from __future__ import annotations

from typing import Final

import webrtcvad

from echoless.core.content import AudioContent
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

LEVELS: Final = (0, 1, 2, 3)
"""From taking most for speech to taking least."""
_EDGES: Final = (0.3, 0.5, 0.7)


class WebRtcVoiceActivity:
    """A VoiceActivity; frames of 10, 20 or 30 ms.

    level: one of LEVELS
    """

    def __init__(self, level: int) -> None:
        assert level in LEVELS, "a level of our own tables"
        self._detector = webrtcvad.Vad(level)

    def is_speech(self, frame: AudioContent) -> bool:
        """Return whether a frame holds voice."""
        return bool(self._detector.is_speech(frame.reveal(), HEARING_RATE_HZ))


def level_of(threshold: float) -> int:
    """Return the level for a threshold of the wire, from 0.1 to 0.9: higher takes less for speech."""
    return sum(threshold >= edge for edge in _EDGES)
