"""Fixed words in place of live recognition."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.null.live import LoudIsSpeech, NullLiveRecognizer
from echoless.volatile.speech.hearing_ports import HearingOptions

pytestmark = pytest.mark.unit

HALF_SECOND = AudioContent(bytes(16_000))


def test_words_come_with_the_audio_and_are_committed_with_their_times() -> None:
    recognizer = NullLiveRecognizer()
    session = recognizer.open(HearingOptions())
    first = session.hear(AudioContent(bytes(320)))
    assert first is not None
    assert first.reveal() == "Null"
    assert session.hear(AudioContent(bytes(320))) is None
    second = session.hear(HALF_SECOND)
    assert second is not None
    assert second.reveal() == "Null transcript."
    heard = session.commit()
    assert [(word.text.reveal(), word.start_s, word.end_s) for word in heard.words] == [
        ("Null", 0.0, 0.26),
        ("transcript.", 0.26, 0.52),
    ]
    session.hear(AudioContent(bytes(320)))
    assert session.commit().words[0].start_s == 0.52
    assert (recognizer.languages, heard.language) == (("en",), "en")
    session.close()


def test_what_is_not_silent_is_speech() -> None:
    assert not LoudIsSpeech().is_speech(AudioContent(bytes(960)))
    assert LoudIsSpeech().is_speech(AudioContent(bytes(959) + b"\1"))
