"""What a client of dialogue hears, message by message."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from echoless.core.content import AudioContent
from echoless.crossing.records import AlignmentPart
from echoless.volatile.gateway.dialogue_messages import DialogueMessages

pytestmark = pytest.mark.unit


def times(text: str, begin_s: float) -> AlignmentPart:
    starts = [begin_s + index / 10 for index in range(len(text))]
    ends = [start + 0.1 for start in starts]
    return AlignmentPart(list(text), starts, ends, list(text.upper()), starts, ends)


def said(message: bytes) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(message)
    return members


def test_audio_has_no_times_unless_they_are_asked_for() -> None:
    messages = DialogueMessages(None, shows_times=False)
    messages.take_times(times("ab", 0.0))
    assert said(messages.audio(AudioContent(b"x"))) == {"audio": base64.b64encode(b"x").decode()}
    assert messages.times_left() == b""


def test_times_are_snake_case_relative_and_stated_once() -> None:
    messages = DialogueMessages("c", shows_times=True)
    messages.take_times(times("ab", 0.0))
    first = said(messages.audio(AudioContent(b"x")))
    assert first["alignment"] == {
        "chars": ["a", "b"], "char_start_times_ms": [0, 100], "char_durations_ms": [100, 100],
    }  # fmt: skip
    assert first["normalized_alignment"]["chars"] == ["A", "B"]
    assert first["context_id"] == "c"
    again = said(messages.audio(AudioContent(b"y")))
    assert (again["alignment"], again["normalized_alignment"]) == (None, None)
    messages.take_times(times("c", 0.5))
    # Counted from where the last stated character ended, so that whoever adds up does not drift.
    assert said(messages.times_left())["alignment"]["char_start_times_ms"] == [300]


@pytest.mark.parametrize(
    ("context_id", "more"), [(None, {}), ("c", {"context_id": "c"}), ('"', {"context_id": '"'})]
)
def test_endings_name_their_context(context_id: str | None, more: dict[str, str]) -> None:
    messages = DialogueMessages(context_id, shows_times=True)
    assert said(messages.turn_done()) == {"is_final_audio_for_turn": True, **more}
    assert said(messages.final()) == {"is_final": True, **more}


@pytest.mark.claim("Z15")
def test_the_first_message_states_the_mode_and_no_other() -> None:
    """C7."""
    messages = DialogueMessages("c", shows_times=True, retention="zero")
    first, second = (json.loads(messages.audio(AudioContent(b"1"))) for _ in range(2))
    assert (first["retention"], first["context_id"]) == ("zero", "c")
    assert "retention" not in second
