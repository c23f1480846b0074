"""The flows of the text sockets, as scripts: messages and the time in, commands out."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.generation_buffer import BufferRules
from echoless.volatile.speech.socket_flow import (
    CloseSocket,
    Command,
    ContextsFlow,
    FinishStream,
    Generate,
    OpenStream,
    SocketMessage,
    StreamFlow,
)

pytestmark = pytest.mark.unit

RULES = BufferRules(is_auto=False, parses_markup=False, characters_max=1000)


def said(text: str | None = None, **more: Any) -> SocketMessage:
    return SocketMessage(TextContent(text) if text is not None else None, **more)


def story(commands: list[Command]) -> list[str]:
    """Commands as words: what is opened, spoken, finished and closed."""
    words = []
    for command in commands:
        match command:
            case OpenStream():
                words.append(f"open {command.context_id}".strip())
            case Generate():
                words.append(f"{command.context_id} says {command.piece.text.reveal()}".strip())
            case FinishStream():
                words.append(f"finish {command.context_id}".strip())
            case CloseSocket():
                words.append(f"close {command.error.code.value if command.error else 'well'}")
    return words


def stream() -> StreamFlow:
    flow = StreamFlow(RULES, 20.0, 0.0)
    assert story(flow.receive(said(" "), 0.0)) == ["open"]
    return flow


def contexts() -> ContextsFlow:
    return ContextsFlow(RULES, 20.0, 0.0)


def refusal(flow: StreamFlow | ContextsFlow, message: SocketMessage) -> EcholessError:
    with pytest.raises(EcholessError) as caught:
        flow.receive(message, 1.0)
    return caught.value


# --- one stream ---


def test_a_stream_opens_speaks_and_closes_well() -> None:
    flow = stream()
    assert story(flow.receive(said("Hello. "), 1.0)) == []
    assert story(flow.receive(said("Bye. ", is_flush=True), 2.0)) == ["says Hello. Bye."]
    assert story(flow.receive(said("Last"), 3.0)) == []
    assert story(flow.receive(said(""), 4.0)) == ["says Last", "finish", "close well"]


def test_a_flush_takes_what_the_schedule_would_have_left() -> None:
    flow = StreamFlow(RULES, 20.0, 0.0)
    flow.receive(said(" ", schedule=(50,)), 0.0)
    text = "This is the first sentence of the text, and this is"
    assert story(flow.receive(said(text, is_flush=True), 0.0)) == [f"says {text}"]


@pytest.mark.parametrize("first", [said("Hello"), said(""), said(None)])
def test_the_first_message_has_a_text_of_one_space(first: SocketMessage) -> None:
    error = refusal(StreamFlow(RULES, 20.0, 0.0), first)
    assert error.code is ErrorCode.INVALID_MESSAGE
    assert "Hello" not in error.public_description


def test_every_message_of_a_stream_needs_a_text() -> None:
    assert refusal(stream(), said(None, is_flush=True)).code is ErrorCode.INVALID_MESSAGE


@pytest.mark.parametrize("change", [{"voice_settings": {"speed": 0.8}}, {"schedule": (60,)}])
def test_settings_cannot_change_but_may_be_said_again(change: dict[str, Any]) -> None:
    flow = StreamFlow(RULES, 20.0, 0.0)
    first = {"voice_settings": {"speed": 1.1}, "schedule": (50,)}
    opened = flow.receive(said(" ", **first), 0.0)
    assert isinstance(opened[0], OpenStream)
    assert opened[0].voice_settings == {"speed": 1.1}
    assert flow.receive(said("Hello ", **first), 0.0) == flow.receive(said("again "), 0.0) == []
    assert refusal(flow, said("x", **change)).code is ErrorCode.INVALID_MESSAGE


def test_after_the_end_nothing_is_heard_and_no_time_runs() -> None:
    flow = stream()
    flow.receive(said(""), 1.0)
    assert flow.receive(said("more"), 2.0) == flow.tick(1000.0) == []
    assert flow.deadline_s() is None


def test_a_silent_client_is_cut_off_and_each_message_puts_it_off() -> None:
    flow = stream()
    assert flow.deadline_s() == 20.0
    flow.receive(said(" "), 15.0)
    assert flow.deadline_s() == 35.0
    assert flow.tick(34.9) == []
    with pytest.raises(EcholessError) as caught:
        flow.tick(35.0)
    assert caught.value.code is ErrorCode.INPUT_TIMEOUT_EXCEEDED


def test_a_client_that_never_begins_is_cut_off_too() -> None:
    flow = StreamFlow(RULES, 20.0, 5.0)
    assert flow.deadline_s() == 25.0
    with pytest.raises(EcholessError):
        flow.tick(25.0)


def test_a_client_may_listen_in_silence_for_as_long_as_it_is_spoken_to() -> None:
    flow = stream()
    flow.receive(said("A long story. ", is_flush=True), 1.0)
    assert flow.deadline_s() is None
    flow.rested("", 100.0)
    assert flow.deadline_s() == 120.0


# --- contexts ---


def test_contexts_run_side_by_side_and_each_is_finished_alone() -> None:
    flow = contexts()
    assert story(flow.receive(said(" ", context_id="a"), 0.0)) == ["open a"]
    assert story(flow.receive(said("Hi. ", context_id="b", is_flush=True), 0.0)) == ["open b", "b says Hi."]
    assert story(flow.receive(said("One. ", context_id="a"), 0.0)) == []
    assert story(flow.receive(said(None, context_id="a", is_flush=True), 0.0)) == ["a says One."]
    assert story(flow.receive(said(None, context_id="a", closes_context=True), 0.0)) == ["finish a"]
    assert story(flow.receive(said(None, closes_socket=True), 0.0)) == ["finish b", "close well"]
    assert flow.receive(said("late", context_id="b"), 0.0) == []


def test_closing_a_context_drops_what_was_not_flushed_and_ignores_its_text() -> None:
    flow = contexts()
    flow.receive(said("Not flushed", context_id="a"), 0.0)
    assert story(flow.receive(said("ignored", context_id="a", closes_context=True), 0.0)) == ["finish a"]


def test_an_empty_text_keeps_a_context_alive_and_opens_none() -> None:
    flow = contexts()
    flow.receive(said(" ", context_id="a"), 0.0)
    assert flow.receive(said("", context_id="a"), 15.0) == []
    assert flow.deadline_s() == 35.0
    assert flow.receive(said("", context_id="never"), 15.0) == []
    assert story(flow.receive(said(None, closes_socket=True), 16.0)) == ["finish a", "close well"]


def test_a_sixth_context_is_refused_and_a_closed_one_makes_room() -> None:
    flow = contexts()
    for name in "abcde":
        flow.receive(said(" ", context_id=name), 0.0)
    assert refusal(flow, said(" ", context_id="f")).code is ErrorCode.MAX_ACTIVE_CONVERSATIONS
    flow.receive(said(None, context_id="a", closes_context=True), 0.0)
    assert story(flow.receive(said(" ", context_id="f"), 0.0)) == ["open f"]
    assert refusal(flow, said(" ", context_id="a")).code is ErrorCode.MAX_ACTIVE_CONVERSATIONS


def test_a_name_may_be_used_again_for_an_unrelated_context() -> None:
    flow = contexts()
    flow.receive(said("old", context_id="a", voice_settings={"speed": 0.9}), 0.0)
    flow.receive(said(None, context_id="a", closes_context=True), 0.0)
    again = flow.receive(said("new", context_id="a", voice_settings={"speed": 1.1}, is_flush=True), 0.0)
    assert story(again) == ["open a", "a says new"]


def test_a_silent_context_ends_alone_and_the_socket_with_the_last() -> None:
    flow = contexts()
    flow.receive(said(" ", context_id="a"), 0.0)
    flow.receive(said(" ", context_id="b"), 5.0)
    assert flow.deadline_s() == 20.0
    assert story(flow.tick(20.0)) == ["finish a"]
    assert story(flow.tick(25.0)) == ["finish b", "close input_timeout_exceeded"]
    assert flow.deadline_s() is None
    assert flow.tick(99.0) == []


def test_a_socket_without_contexts_is_cut_off() -> None:
    flow = contexts()
    assert flow.deadline_s() == 20.0
    with pytest.raises(EcholessError) as caught:
        flow.tick(20.0)
    assert caught.value.code is ErrorCode.INPUT_TIMEOUT_EXCEEDED


def test_a_context_that_is_spoken_to_does_not_time_out() -> None:
    flow = contexts()
    flow.receive(said("Hi. ", context_id="a", is_flush=True), 0.0)
    assert flow.deadline_s() is None
    assert flow.tick(500.0) == []
    flow.rested("a", 500.0)
    flow.rested("gone", 500.0)
    assert flow.deadline_s() == 520.0


def test_a_message_that_says_nothing_is_refused() -> None:
    assert refusal(contexts(), said(None, context_id="a")).code is ErrorCode.INVALID_MESSAGE
