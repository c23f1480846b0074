"""Fixed words in place of recognition."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.null.transcript import NULL_WORDS, EverySpeech, NullRecognizer
from echoless.volatile.speech.hearing_ports import HearingOptions

pytestmark = pytest.mark.unit


def test_the_words_are_spread_over_the_window() -> None:
    recognizer = NullRecognizer()
    heard = recognizer.recognise(AudioContent(bytes(32_000)), HearingOptions())
    assert [word.text.reveal() for word in heard.words] == list(NULL_WORDS)
    assert [(word.start_s, word.end_s) for word in heard.words] == [(0.0, 0.5), (0.5, 1.0)]
    assert (heard.language, recognizer.languages) == ("en", ("en",))
    assert recognizer.window_s_max == 30.0
    assert not recognizer.can_bias
    assert not recognizer.wants_retirement


def test_everything_is_speech_to_the_null_engine() -> None:
    assert EverySpeech().is_speech(AudioContent(bytes(960)))
