"""What a process that hears is made with: loaded at once, by the names of orders."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.crossing.control import MediaConfig
from echoless.volatile.engines.null.transcript import EverySpeech, NullRecognizer
from echoless.volatile.engines.stt.pocketsphinx import SphinxRecognizer
from echoless.volatile.engines.vad.webrtc import WebRtcVoiceActivity
from echoless.volatile.service import hearing
from echoless.volatile.service.hearing import WARM_UP_SOUND, hearing_parts
from echoless.volatile.speech.windows import Window

pytestmark = pytest.mark.unit


def _config(media_engine: str) -> MediaConfig:
    return MediaConfig("media-0", media_engine, False, "strict", True, 1, 1)


@pytest.mark.parametrize(
    ("name", "recognizer", "activity"),
    [("null", NullRecognizer, EverySpeech), ("embedded", SphinxRecognizer, WebRtcVoiceActivity)],
)
def test_the_configured_recogniser_is_the_one_without_a_name(name: str, recognizer: type, activity: type) -> None:
    parts = hearing_parts(_config(name))
    assert isinstance(parts.recognizers[""], recognizer)
    assert isinstance(parts.new_activity(), activity)


def test_without_the_embedded_recogniser_the_rest_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are versions of Python that it has no wheel for; voices are converted there all the same."""
    monkeypatch.setattr(hearing, "find_spec", lambda _name: None)
    assert not hearing_parts(_config("embedded")).recognizers


def test_each_recording_has_a_diarizer_of_its_own() -> None:
    parts = hearing_parts(_config("null"))
    assert parts.new_diarizer is not None
    first, second = parts.new_diarizer(), parts.new_diarizer()
    first.note(Window(0.0, WARM_UP_SOUND), [(0.0, 0.2), (0.2, 0.5)])
    assert first.speakers(None, None) == [0, 0]
    assert second.speakers(None, None) == []


def test_the_warm_up_is_silence() -> None:
    assert isinstance(WARM_UP_SOUND, AudioContent)
    assert not any(WARM_UP_SOUND.reveal())
