"""What a process that hears is made with: recognisers and detectors of voice, loaded before its wall closes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from echoless.core.content import AudioContent
from echoless.crossing.control import MediaConfig
from echoless.volatile.engines.null.transcript import EverySpeech, NullRecognizer
from echoless.volatile.engines.stt.transcribe_job import HearingParts
from echoless.volatile.engines.stt.voice_features import voice_features
from echoless.volatile.engines.vad.webrtc import WebRtcVoiceActivity
from echoless.volatile.speech.diarization import BasicDiarizer
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, HearingOptions, Recognizer
from echoless.volatile.speech.windows import Window

# Measured on human speech: fewest wrong words with cuts at short pauses, and nothing quiet is lost.
_VOICE_LEVEL: Final = 2
WARM_UP_SOUND: Final = AudioContent(bytes(HEARING_RATE_HZ))
"""Half a second of silence."""


def hearing_parts(config: MediaConfig) -> HearingParts:
    """Load what is configured, and hear a little silence with it: what loads late is loaded now.

    raises: EcholessError when a recogniser does not work here
    """
    diarizer = new_diarizer()
    diarizer.note(Window(0.0, WARM_UP_SOUND), [(0.0, 0.1), (0.1, 0.5)])
    diarizer.speakers(1, None)
    if config.media_engine == "null":
        return HearingParts({"": NullRecognizer()}, EverySpeech, new_diarizer)
    return HearingParts(_embedded(), lambda: WebRtcVoiceActivity(_VOICE_LEVEL), new_diarizer)


def has_pocketsphinx() -> bool:
    """Whether the embedded recogniser is there: it has no wheel for some versions of Python."""
    return find_spec("pocketsphinx") is not None


def _embedded() -> dict[str, Recognizer]:
    if not has_pocketsphinx():
        return {}
    from echoless.volatile.engines.stt.pocketsphinx import SphinxRecognizer

    recognizer = SphinxRecognizer()
    recognizer.recognise(WARM_UP_SOUND, HearingOptions())
    return {"": recognizer}


def new_diarizer() -> BasicDiarizer:
    """Return what tells the speakers of one recording apart."""
    return BasicDiarizer(voice_features)
