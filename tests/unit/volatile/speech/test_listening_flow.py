"""Live recognition, as scripts: messages and the time in, commands out."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.speech.listening_flow import (
    ACTIVITY_S,
    CHUNK_BYTES_MAX,
    SESSION_S_MAX,
    WAITING_S_MAX,
    CommitSegment,
    ErrorKind,
    Hear,
    InputFormat,
    ListeningError,
    ListeningFlow,
    ListeningMessage,
    Rest,
)

pytestmark = pytest.mark.unit
PCM = InputFormat(16000, 2)


def says(count: int = 0, **more: object) -> ListeningMessage:
    return ListeningMessage(AudioContent(bytes(count)), **more)  # type: ignore[arg-type]  # real fields


def refusal(message: ListeningMessage, flow: ListeningFlow | None = None) -> ListeningError:
    with pytest.raises(ListeningError) as caught:
        (flow or ListeningFlow(PCM, 0.0)).receive(message, 1.0)
    return caught.value


def kinds(commands: object) -> list[type]:
    assert isinstance(commands, list)
    return [type(command) for command in commands]


def test_audio_comes_before_the_commit_that_came_with_it() -> None:
    flow = ListeningFlow(PCM, 0.0)
    assert kinds(flow.receive(says(2, is_commit=True), 0.0)) == [Hear, CommitSegment]
    assert kinds(flow.receive(says(), 0.0)) == []
    assert kinds(flow.receive(says(is_commit=True), 0.0)) == [CommitSegment]


@pytest.mark.parametrize(
    ("message", "kind", "param"),
    [
        (says(3), ErrorKind.INPUT_ERROR, "audio_base_64"),
        (says(2, sample_rate_hz=8000), ErrorKind.INPUT_ERROR, "sample_rate"),
        (says(2, previous_text_length=51), ErrorKind.INPUT_ERROR, "previous_text"),
        (says(CHUNK_BYTES_MAX + 2), ErrorKind.CHUNK_SIZE_EXCEEDED, "audio_base_64"),
    ],
)
def test_what_would_leave_a_hole_ends_the_session(message: ListeningMessage, kind: ErrorKind, param: str) -> None:
    error = refusal(message)
    assert (error.kind, error.param) == (kind, param)


def test_one_byte_is_a_sample_of_mu_law_and_the_largest_chunk_is_taken() -> None:
    assert kinds(ListeningFlow(InputFormat(8000, 1), 0.0).receive(says(3, sample_rate_hz=8000), 0.0)) == [Hear]
    assert kinds(ListeningFlow(PCM, 0.0).receive(says(CHUNK_BYTES_MAX), 0.0)) == [Hear]


def test_earlier_text_comes_with_the_first_audio_only() -> None:
    flow = ListeningFlow(PCM, 0.0)
    flow.receive(says(2, previous_text_length=50), 0.0)
    assert refusal(says(2, previous_text_length=1), flow).param == "previous_text"


def test_a_session_rests_when_no_audio_comes_and_only_once() -> None:
    flow = ListeningFlow(PCM, 0.0)
    assert flow.deadline_s() == SESSION_S_MAX
    flow.receive(says(2), 10.0)
    assert flow.deadline_s() == 10.0 + ACTIVITY_S
    assert flow.tick(9.0 + ACTIVITY_S) == []
    assert kinds(flow.tick(10.0 + ACTIVITY_S)) == [Rest]
    assert flow.tick(20.0 + ACTIVITY_S) == []
    assert flow.deadline_s() == SESSION_S_MAX
    # What is no audio does not wake it.
    flow.receive(says(is_commit=True), 30.0)
    assert flow.deadline_s() == SESSION_S_MAX


def test_a_session_ends_after_its_time() -> None:
    flow = ListeningFlow(PCM, 5.0)
    flow.receive(says(2), SESSION_S_MAX)
    with pytest.raises(ListeningError) as caught:
        flow.tick(5.0 + SESSION_S_MAX)
    assert caught.value.kind is ErrorKind.SESSION_TIME_LIMIT_EXCEEDED


def test_bytes_are_counted_as_time() -> None:
    assert PCM.duration_ms(32000) == 1000
    assert InputFormat(8000, 1).duration_ms(4000) == 500
    assert PCM.waiting_bytes_max == WAITING_S_MAX * 32000
