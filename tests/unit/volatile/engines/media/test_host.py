"""One job at a time, in order, and what arrives meanwhile."""

from __future__ import annotations

import pytest

from echoless.crossing.media_records import InputCredit, InputKnown, JobStarted
from echoless.crossing.records import SpeechBegan, SpeechEnded
from tests.unit.volatile.engines.media.conftest import Gateway, convert, tone

pytestmark = pytest.mark.unit


def test_a_recording_is_converted_whole_and_in_order(gateway: Gateway) -> None:
    pcm = tone(3).tobytes()
    gateway.send(convert())
    assert isinstance(gateway.next()[1], JobStarted)
    gateway.send_audio(pcm)
    gateway.end_input()
    ending = gateway.until(SpeechEnded)
    answer = gateway.answers[1]
    assert bytes(answer.audio) == pcm
    assert ending == SpeechEnded("", 3000, len(pcm))
    assert answer.of(InputKnown) == [InputKnown("audio/pcm")]
    assert answer.of(SpeechBegan) == [SpeechBegan(None)]
    assert sum(credit.taken_bytes for credit in answer.of(InputCredit)) == len(pcm)
