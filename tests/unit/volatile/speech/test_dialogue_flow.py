"""The sockets of dialogue, as scripts: messages and the time in, commands out."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.dialogue_flow import (
    INACTIVITY_S,
    DialogueCommand,
    DialogueFlow,
    DialogueLine,
    DialogueMessage,
    DialogueRules,
    EndTurn,
    OpenDialogue,
    Say,
)
from echoless.volatile.speech.socket_flow import CloseSocket, FinishStream

pytestmark = pytest.mark.unit


def line(text: str, voice_id: str = "a", *, new: bool = False) -> DialogueLine:
    return DialogueLine(TextContent(text), voice_id, new)


def says(*lines: DialogueLine, **more: Any) -> DialogueMessage:
    return DialogueMessage(lines=lines, **more)


def story(commands: list[DialogueCommand]) -> list[str]:
    """Commands as words."""
    words = []
    for command in commands:
        match command:
            case OpenDialogue():
                words.append(f"{command.context_id} opens {'+'.join(command.voices)}".strip())
            case Say():
                speaker = f"{command.context_id} {command.voice_id or '..'}".strip()
                words.append(f"{speaker} says {command.piece.text.reveal()}")
            case EndTurn():
                words.append(f"{command.context_id} turn ends".strip())
            case FinishStream():
                words.append(f"{command.context_id} finishes".strip())
            case CloseSocket():
                words.append(f"close {command.error.code.value if command.error else 'well'}")
    return words


def flow(*, has_contexts: bool = False, voices_max: int = 10) -> DialogueFlow:
    return DialogueFlow(DialogueRules(voices_max, 1000, has_contexts), 0.0)


def opened(**how: Any) -> DialogueFlow:
    made = flow(**how)
    context_id = "c" if how.get("has_contexts") else ""
    made.receive(DialogueMessage(voices=("a", "b"), context_id=context_id), 0.0)
    return made


def refusal(made: DialogueFlow, message: DialogueMessage) -> EcholessError:
    with pytest.raises(EcholessError) as caught:
        made.receive(message, 1.0)
    return caught.value


LONG = "one two three four five six seven eight nine. "


# --- turns ---


def test_a_text_waits_until_it_is_a_segment_a_flush_or_the_end_of_its_turn() -> None:
    made = opened()
    assert story(made.receive(says(line("Hello. ")), 1.0)) == []
    assert story(made.receive(says(line(LONG)), 1.0)) == [f"a says Hello. {LONG}"]
    assert story(made.receive(says(line("Short")), 1.0)) == []
    assert story(made.receive(says(is_flush=True), 1.0)) == [".. says Short", "turn ends"]
    assert story(made.receive(says(line("Next"), is_flush=True), 1.0)) == ["a says Next", "turn ends"]


def test_another_voice_or_a_new_turn_ends_the_running_one_first() -> None:
    made = opened()
    assert story(made.receive(says(line("One"), line("Two", "b")), 1.0)) == ["a says One", "turn ends"]
    assert story(made.receive(says(line("Three", "b", new=True)), 1.0)) == ["b says Two", "turn ends"]
    assert story(made.receive(says(line(" and", "b")), 1.0)) == []
    assert story(made.receive(says(closes_socket=True), 1.0)) == [
        "b says Three and", "turn ends", "finishes", "close well",
    ]  # fmt: skip


def test_a_turn_whose_text_has_all_been_spoken_ends_all_the_same() -> None:
    made = opened()
    assert story(made.receive(says(line(LONG)), 1.0)) == [f"a says {LONG}"]
    assert story(made.receive(says(line("Yes", "b")), 1.0)) == ["turn ends"]


def test_a_flush_is_answered_even_where_nothing_was_said() -> None:
    made = opened()
    assert story(made.receive(says(is_flush=True), 1.0)) == ["turn ends"]


def test_the_first_message_may_speak_and_close_at_once() -> None:
    made = flow()
    message = DialogueMessage(voices=("a",), lines=(line("Hi"),), closes_socket=True)
    assert story(made.receive(message, 0.0)) == ["opens a", "a says Hi", "turn ends", "finishes", "close well"]
    assert made.receive(says(line("late")), 1.0) == []
    assert made.deadline_s() is None


# --- what is refused ---


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (DialogueMessage(voices=("a",)), "voices"),
        (DialogueMessage(voices=()), "voices"),
        (DialogueMessage(voice_settings={"stability": 0.5}), "voice_settings"),
        (DialogueMessage(sets_rules=True), "pronunciation_dictionary_locators"),
        (says(line("x"), line("y", "nobody")), "inputs.1.voice_id"),
    ],
)
def test_what_is_set_first_cannot_be_set_later_and_no_other_voice_speaks(
    message: DialogueMessage, param: str
) -> None:
    error = refusal(opened(), message)
    assert (error.code, error.param) == (ErrorCode.INVALID_MESSAGE, param)


@pytest.mark.parametrize("voices", [None, ()])
def test_the_first_message_names_voices(voices: tuple[str, ...] | None) -> None:
    assert refusal(flow(), DialogueMessage(voices=voices, lines=(line("x"),))).param == "voices"


def test_a_model_of_one_voice_takes_one_and_the_same_one_twice_is_one() -> None:
    refused = refusal(flow(voices_max=1), DialogueMessage(voices=("a", "b")))
    assert (refused.param, "one voice" in refused.public_description) == ("voices", True)
    assert story(flow(voices_max=1).receive(DialogueMessage(voices=("a", "a")), 0.0)) == ["opens a"]


# --- contexts ---


def test_contexts_speak_and_end_side_by_side() -> None:
    made = opened(has_contexts=True)
    second = DialogueMessage(voices=("b",), lines=(line("Two", "b"),), context_id="d")
    assert story(made.receive(second, 1.0)) == ["d opens b"]
    closing = says(line("One"), closes_context=True, context_id="c")
    assert story(made.receive(closing, 1.0)) == ["c a says One", "c turn ends", "c finishes"]
    assert story(made.receive(says(closes_socket=True), 1.0)) == [
        "d b says Two", "d turn ends", "d finishes", "close well",
    ]  # fmt: skip


def test_a_sixth_context_is_refused_and_a_name_may_be_used_again() -> None:
    made = flow(has_contexts=True)
    for name in "12345":
        made.receive(DialogueMessage(voices=("a",), context_id=name), 0.0)
    assert refusal(made, DialogueMessage(voices=("a",), context_id="6")).code is ErrorCode.MAX_ACTIVE_CONVERSATIONS
    made.receive(says(closes_context=True, context_id="1"), 0.0)
    assert story(made.receive(DialogueMessage(voices=("b",), context_id="1"), 0.0)) == ["1 opens b"]


def test_every_message_names_its_context_but_a_sign_of_life_or_a_close() -> None:
    made = opened(has_contexts=True)
    assert refusal(made, says(line("x"))).param == "context_id"
    assert refusal(made, says(is_flush=True)).param == "context_id"
    assert made.receive(says(keeps_alive=True), 5.0) == []
    assert made.deadline_s() == 5.0 + INACTIVITY_S


def test_what_is_gone_is_neither_closed_twice_nor_kept_alive() -> None:
    made = opened(has_contexts=True)
    for message in (says(closes_context=True, context_id="x"), says(keeps_alive=True, context_id="x")):
        assert made.receive(message, 1.0) == []


# --- time ---


def test_a_silent_client_is_cut_off_and_a_sign_of_life_puts_it_off() -> None:
    for made in (opened(), flow()):
        assert made.deadline_s() == INACTIVITY_S
    made = opened()
    made.receive(says(keeps_alive=True), 15.0)
    assert made.deadline_s() == 15.0 + INACTIVITY_S
    assert made.tick(34.9) == []
    with pytest.raises(EcholessError) as caught:
        made.tick(35.0)
    assert caught.value.code is ErrorCode.INPUT_TIMEOUT_EXCEEDED


def test_a_client_may_listen_in_silence_for_as_long_as_it_is_spoken_to() -> None:
    made = opened()
    made.receive(says(line(LONG)), 1.0)
    assert made.deadline_s() is None
    made.rested("", 100.0)
    assert made.deadline_s() == 100.0 + INACTIVITY_S


def test_a_silent_context_ends_alone_and_the_last_one_takes_the_socket_along() -> None:
    made = opened(has_contexts=True)
    made.receive(DialogueMessage(voices=("a",), lines=(line("unsaid"),), context_id="d"), 10.0)
    assert story(made.tick(INACTIVITY_S)) == ["c finishes"]
    assert story(made.tick(10.0 + INACTIVITY_S)) == ["d finishes", "close input_timeout_exceeded"]
