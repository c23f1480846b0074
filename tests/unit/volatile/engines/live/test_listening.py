"""A live session takes what comes in order and in small steps."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.live_records import (
    Commit,
    CommitCause,
    CommitRefused,
    CommittedText,
    Listen,
    ListeningEnded,
    PartialText,
)
from echoless.crossing.media_records import EndInput, InputCredit
from echoless.crossing.records import Record
from echoless.volatile.engines.codecs.live_input import LiveInput
from echoless.volatile.engines.live.listening import QUEUED_BYTES_MAX, Listening, ListeningParts
from echoless.volatile.engines.null.live import LoudIsSpeech, NullLiveRecognizer

pytestmark = pytest.mark.unit

ORDER = Listen(
    engine_model="", language_code="", audio_format="pcm_16000", commits_by_vad=False, silence_s=1.5,
    vad_threshold=0.4, speech_ms_min=100, silence_ms_min=100, drops_fillers=False, keyterms=[],
)  # fmt: skip
PARTS = ListeningParts({"": NullLiveRecognizer()}, lambda _threshold: LoudIsSpeech(), LiveInput)
SECOND = AudioContent(b"\1\1" * 16_000)


def _run(listening: Listening) -> int:
    steps = 0
    while listening.has_work:
        listening.step()
        steps += 1
    return steps


def test_audio_is_taken_in_steps_of_a_tenth_of_a_second_and_credited_whole() -> None:
    sent: list[Record] = []
    listening = Listening(ORDER, PARTS, sent.append)
    listening.add(SECOND)
    assert _run(listening) == 10
    assert [record for record in sent if isinstance(record, InputCredit)] == [InputCredit(len(SECOND))]
    assert [record.text for record in sent if isinstance(record, PartialText)] == [
        "Null", "Null transcript.", "Null transcript. Null",
    ][: len([record for record in sent if isinstance(record, PartialText)])]  # fmt: skip


def test_a_commit_closes_what_came_before_it_and_nothing_after() -> None:
    sent: list[Record] = []
    listening = Listening(ORDER, PARTS, sent.append)
    for item in (SECOND, Commit(), SECOND, EndInput()):
        listening.add(item)
    _run(listening)
    first, second = [record for record in sent if isinstance(record, CommittedText)]
    assert (first.cause, second.cause) == (CommitCause.MANUAL, CommitCause.END)
    assert first.words[-1].end_s == pytest.approx(1.0, abs=0.05)
    assert second.words[0].start_s == pytest.approx(1.0, abs=0.05)
    assert first.text == "".join(word.text for word in first.words)
    assert first.text.startswith("Null transcript.")
    assert first.language_code == "en"
    assert sent[-1] == ListeningEnded("", 2_000)
    assert listening.is_done


def test_a_commit_that_closes_nothing_is_refused() -> None:
    sent: list[Record] = []
    listening = Listening(ORDER, PARTS, sent.append)
    for item in (Commit(), AudioContent(bytes(32_000)), Commit()):
        listening.add(item)
    _run(listening)
    refusals = [record for record in sent if isinstance(record, CommitRefused)]
    assert refusals == [CommitRefused("commit_throttled"), CommitRefused("insufficient_audio_activity")]


def test_silence_commits_when_the_order_says_so() -> None:
    sent: list[Record] = []
    order = msgspec.structs.replace(ORDER, commits_by_vad=True, silence_s=0.5)
    listening = Listening(order, PARTS, sent.append)
    listening.add(SECOND)
    listening.add(AudioContent(bytes(32_000)))
    _run(listening)
    assert [record.cause for record in sent if isinstance(record, CommittedText)] == [CommitCause.VOICE_ACTIVITY]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"engine_model": "local:other"}, ErrorCode.NOT_AVAILABLE),
     ({"audio_format": "mp3_44100_128"}, ErrorCode.INVALID_PARAMETERS)],
)  # fmt: skip
def test_what_is_not_here_is_refused(change: dict[str, str], code: ErrorCode) -> None:
    with pytest.raises(EcholessError) as caught:
        Listening(msgspec.structs.replace(ORDER, **change), PARTS, lambda _record: None)
    assert caught.value.code is code


def test_more_audio_than_was_asked_for_is_refused() -> None:
    listening = Listening(ORDER, PARTS, lambda _record: None)
    listening.add(AudioContent(bytes(QUEUED_BYTES_MAX)))
    with pytest.raises(EcholessError) as caught:
        listening.add(AudioContent(b"\0"))
    assert caught.value.code is ErrorCode.CROSSING_BROKEN


def test_a_closed_session_has_no_work() -> None:
    listening = Listening(ORDER, PARTS, lambda _record: None)
    listening.add(SECOND)
    listening.close()
    listening.close()
    assert not listening.has_work
