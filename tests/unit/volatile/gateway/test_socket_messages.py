"""Messages of the text sockets: shapes, and times that add up."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.core.content import AudioContent
from echoless.crossing.records import AlignmentPart
from echoless.volatile.gateway.socket_messages import SocketMessages

pytestmark = pytest.mark.unit


def part(text: str, begin_s: float, end_s: float, spoken: str = "") -> AlignmentPart:
    def times(characters: str) -> tuple[list[str], list[float], list[float]]:
        step = (end_s - begin_s) / max(1, len(characters))
        starts = [begin_s + step * index for index in range(len(characters))]
        return list(characters), starts, [start + step for start in starts]

    return AlignmentPart(*times(text), *times(spoken or text))


def test_audio_has_the_contracts_members_and_nothing_of_contexts() -> None:
    message = json.loads(SocketMessages(None).audio(AudioContent(b"12345")))
    assert message == {
        "audio": base64.b64encode(b"12345").decode(), "isFinal": None,
        "normalizedAlignment": None, "alignment": None,
    }  # fmt: skip


def test_times_are_relative_to_the_chunk_and_add_up_to_the_stream() -> None:
    """C: listeners add the last start and the last duration of each message to what they had."""
    messages = SocketMessages(None)
    begin_ms = 0
    for text, start_s, end_s in (("one ", 0.01, 0.5), ("two ", 0.7333, 1.2), ("três", 1.2, 2.0)):
        messages.take_times(part(text, start_s, end_s, spoken=text.upper()))
        message = json.loads(messages.audio(AudioContent(b"x")))
        times, spoken = message["alignment"], message["normalizedAlignment"]
        assert "".join(times["chars"]) == text
        assert "".join(spoken["chars"]) == text.upper()
        assert begin_ms + times["charStartTimesMs"][0] == round(start_s * 1000)
        assert times["charDurationsMs"] == times["charsDurationsMs"]
        begin_ms += times["charStartTimesMs"][-1] + times["charDurationsMs"][-1]
        assert begin_ms == round(end_s * 1000)


def test_times_are_stated_once_with_the_next_audio() -> None:
    messages = SocketMessages(None)
    messages.take_times(part("a", 0.0, 0.1))
    messages.take_times(part("b", 0.1, 0.2))
    assert "".join(json.loads(messages.audio(AudioContent(b"x")))["alignment"]["chars"]) == "ab"
    assert json.loads(messages.audio(AudioContent(b"x")))["alignment"] is None
    assert messages.times_left() == b""


def test_times_that_no_audio_followed_are_stated_at_the_end() -> None:
    messages = SocketMessages(None)
    messages.take_times(part("a", 0.0, 0.1))
    left = json.loads(messages.times_left())
    assert (left["audio"], left["alignment"]["chars"]) == ("", ["a"])


def test_the_last_message_is_final() -> None:
    last = json.loads(SocketMessages(None).final())
    assert last == {"audio": None, "isFinal": True, "normalizedAlignment": None, "alignment": None}


@pytest.mark.parametrize(("context_id", "shown"), [("a", "a"), ("", None), ('q"\\', 'q"\\')])
def test_messages_of_a_context_name_it(context_id: str, shown: str | None) -> None:
    messages = SocketMessages(context_id)
    assert json.loads(messages.audio(AudioContent(b"x")))["contextId"] == shown
    last = json.loads(messages.final())
    assert (last["isFinal"], last["is_final"], last["contextId"]) == (True, True, shown)


@pytest.mark.claim("Z15")
@pytest.mark.parametrize("mode", ["zero", "default"])
def test_the_first_message_states_the_mode_and_no_other(mode: str) -> None:
    """C7: a socket that was opened before its key was known states it here first."""
    messages = SocketMessages(None, retention=mode)
    first, second = (json.loads(messages.audio(AudioContent(b"1"))) for _ in range(2))
    assert first["retention"] == mode
    assert "retention" not in second
    assert "retention" not in json.loads(messages.final())
