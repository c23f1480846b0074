"""Sockets of dialogue from handshake to close, with an engine and a vault that are scripts."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.dialogue_records import ResolveVoices
from echoless.crossing.records import CloseStatus, Refused
from tests.fakes.gateway import VOICE_ID
from tests.fakes.socket_gateway import Heard, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

OTHER = "JBFqnCBsd6RMkjVDRZzb"
STREAM = "/v1/text-to-dialogue/stream-input"
MULTI = "/v1/text-to-dialogue/multi-stream-input"
MANY = f"{STREAM}?model_id=eleven_v3"
FIRST: dict[str, Any] = {"voices": [VOICE_ID]}
TWO: dict[str, Any] = {"voices": [VOICE_ID, OTHER]}
END: dict[str, Any] = {"close_socket": True}


def line(text: str, voice_id: str = VOICE_ID, **more: Any) -> dict[str, Any]:
    return {"text": text, "voice_id": voice_id, **more}


def story(heard: Heard, context_id: str | None = None) -> list[str]:
    """What was said: texts, `.` for the end of a turn, `!` for the end."""
    words = []
    for message in heard.messages:
        if message.get("context_id") != context_id:
            continue
        if "audio" in message:
            words.append(base64.b64decode(message["audio"]).decode())
        else:
            words.append("." if message.get("is_final_audio_for_turn") else "!" if message.get("is_final") else "?")
    return words


async def test_turns_are_spoken_one_after_another_and_each_says_when_it_is_over() -> None:
    async with socket_gateway() as gateway:
        said = {"inputs": [line("One."), line("Two.", OTHER), line("Three.", OTHER, new_turn=True)]}
        heard = await gateway.talk(MANY, TWO, said, END)
        assert story(heard) == ["One.", ".", "Two.", ".", "Three.", ".", "!"]
        assert heard.close_code == 1000
        (stream,) = gateway.engine.streams
        assert [more.turn.catalogue_id if more.turn else None for more in stream.texts] == [VOICE_ID, OTHER, OTHER]
        assert stream.job.is_dialogue
        assert stream.job.reads_tags


@pytest.mark.claim("Z15")
async def test_each_turn_is_kept_as_an_item_of_its_own() -> None:
    async with socket_gateway() as gateway:
        long = "One two three four five six seven eight nine. "
        said = {"inputs": [line(long), line("More.")]}
        heard = await gateway.talk(MANY, TWO, said, {"inputs": [line("Two.", OTHER)]}, END)
        assert heard.headers["x-echoless-retention"] == "default"
        assert gateway.vault.turns() == [(VOICE_ID, long + "More."), (OTHER, "Two.")]
        kept = [kept for kept in gateway.vault.tickets.values() if kept.text is not None]
        assert [bytes(item.audio) for item in kept] == [(long + "More.").encode(), b"Two."]
        assert [item.closed.status for item in kept if item.closed] == [CloseStatus.DONE] * 2
        assert all(ticket.closed is not None for ticket in gateway.vault.tickets.values())
        assert set(gateway.vault.running.values()) == {0}


@pytest.mark.claim("Z2")
async def test_nothing_of_a_zero_dialogue_reaches_the_vault_but_counts() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?enable_logging=false", FIRST, {"inputs": [line("Hush.")]}, END)
        assert heard.headers["x-echoless-retention"] == "zero"
        assert story(heard) == ["Hush.", ".", "!"]
        assert gateway.vault.turns() == []
        assert not any("Keep" in type(question).__name__ for question in gateway.vault.questions)
        assert gateway.vault.last.audio == b""


async def test_the_first_message_names_voices_settings_and_text_at_once() -> None:
    async with socket_gateway() as gateway:
        first = {**FIRST, "voice_settings": {"stability": 0.9, "speed": 7}, "inputs": [line("Hi.")], "flush": True}
        heard = await gateway.talk(STREAM, first, END)
        assert story(heard) == ["Hi.", ".", "!"]
        turn = gateway.engine.streams[0].texts[0].turn
        assert turn is not None
        assert turn.settings["stability"] == 0.9
        assert "speed" not in turn.settings or turn.settings["speed"] != 7
        assert gateway.vault.questions.count(ResolveVoices([VOICE_ID])) == 1


async def test_times_come_only_where_they_were_asked_for_and_are_relative() -> None:
    async with socket_gateway() as gateway:
        said = [{"inputs": [line(text)], "flush": True} for text in ("ab", "cd")]
        plain = await gateway.talk(STREAM, FIRST, *said, END)
        assert all("alignment" not in message for message in plain.messages)
        timed = await gateway.talk(f"{STREAM}?sync_alignment=true", FIRST, *said, END)
        parts = [message["alignment"] for message in timed.messages if "audio" in message]
        assert [part["chars"] for part in parts] == [["a", "b"], ["c", "d"]]
        assert [part["char_start_times_ms"] for part in parts] == [[0, 100]] * 2
        assert parts[0]["char_durations_ms"] == [100, 100]
        normalized = [m["normalized_alignment"]["chars"] for m in timed.messages if "audio" in m]
        assert normalized == [["A", "B"], ["C", "D"]]


async def test_contexts_speak_side_by_side_and_each_ends_with_its_own_word() -> None:
    async with socket_gateway() as gateway:
        messages = [{**FIRST, "context_id": name, "inputs": [line(f"{name}.")]} for name in "ab"]
        closes = {"context_id": "a", "close_context": True}
        heard = await gateway.talk(MULTI, *messages, closes, END)
        assert story(heard, "a") == ["a.", ".", "!"]
        assert story(heard, "b") == ["b.", ".", "!"]
        assert heard.close_code == 1000


async def test_a_context_without_a_word_still_ends_with_its_own_word() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(
            MULTI, {**FIRST, "context_id": "a"}, {"context_id": "a", "close_context": True}, END
        )
        assert story(heard, "a") == ["!"]
        assert gateway.engine.streams == []


# --- what is refused ---


@pytest.mark.parametrize(
    ("target", "messages", "error", "param"),
    [
        (STREAM, [{"inputs": []}], "invalid_message", "voices"),
        (STREAM, [TWO], "invalid_message", "voices"),
        (f"{STREAM}?model_id=eleven_v4_turbo", [TWO], "invalid_message", "voices"),
        (f"{STREAM}?model_id=eleven_flash_v2", [FIRST], "invalid_message", "model_id"),
        (f"{STREAM}?output_format=wav_44100", [FIRST], "invalid_message", "output_format"),
        (f"{STREAM}?apply_text_normalization=auto", [FIRST], "invalid_message", "apply_text_normalization"),
        (STREAM, [{"voices": ["nobody"]}], "voice_not_found", "voices.0"),
        (STREAM, [FIRST, FIRST], "invalid_message", "voices"),
        (STREAM, [FIRST, {"xi_api_key": "x"}], "invalid_message", None),
        (STREAM, [FIRST, {"enable_logging": False}], "invalid_message", "enable_logging"),
        (STREAM, [FIRST, {"inputs": [line("x", OTHER)]}], "invalid_message", "inputs.0.voice_id"),
        (STREAM, [FIRST, {"inputs": [{"text": "secret"}]}], "invalid_message", "inputs.0.voice_id"),
        (STREAM, ["no json"], "invalid_message", None),
        (STREAM, [b"binary"], "invalid_message", None),
        (MULTI, [FIRST], "invalid_message", "context_id"),
        (MULTI, [{**FIRST, "context_id": str(n)} for n in range(6)], "max_active_conversations", None),
        (f"{STREAM}?enable_logging=maybe", [FIRST], "invalid_message", None),
    ],
)
async def test_what_does_not_fit_is_named_and_the_socket_closed(
    target: str, messages: list[Any], error: str, param: str | None
) -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(target, *messages)
        assert (heard.error, heard.close_code, heard.messages[-1]["code"]) == (error, 1008, 1008)
        if param is not None:
            assert heard.messages[-1]["param"] == param
        assert "secret" not in json.dumps(heard.messages[-1])
        assert all(ticket.closed is not None for ticket in gateway.vault.tickets.values())


async def test_nobody_is_let_in_without_a_credential_and_the_first_message_may_bring_it() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(STREAM, FIRST, key="")
        assert (heard.error, heard.close_code) == ("authentication_required", 1008)
        heard = await gateway.talk(STREAM, {**FIRST, "xi_api_key": "wrong"}, key="")
        assert (heard.error, heard.close_code) == ("invalid_api_key", 1008)
        from tests.fakes.fake_vault import API_KEY

        heard = await gateway.talk(STREAM, {**FIRST, "xi_api_key": API_KEY, "inputs": [line("Hi.")]}, END, key="")
        assert story(heard) == ["Hi.", ".", "!"]
        assert heard.messages[0]["retention"] == "default"


async def test_a_refused_turn_closes_the_socket_and_reaches_no_engine() -> None:
    async with socket_gateway() as gateway:
        gateway.vault.refused = [Refused(code=ErrorCode.QUOTA_EXCEEDED.value, message="Spent.")]
        heard = await gateway.talk(STREAM, FIRST, {"inputs": [line("Too much.")], "flush": True})
        assert (heard.error, heard.close_code) == ("quota_exceeded", 1008)
        assert gateway.engine.streams == []
        assert gateway.vault.turns() == []


async def test_a_client_that_vanishes_stops_the_engine_and_closes_every_ticket() -> None:
    async with socket_gateway() as gateway:
        gateway.engine.is_mute = True
        opened = await gateway.open(STREAM)
        for message in (FIRST, {"inputs": [line("Hello.")], "flush": True}):
            await opened.send(json.dumps(message))
        while not gateway.engine.streams:
            await asyncio.sleep(0.005)
        opened.transport.abort()
        await gateway.settle()
        assert gateway.engine.streams[0].is_cancelled
        statuses = [ticket.closed.status for ticket in gateway.vault.tickets.values() if ticket.closed]
        assert statuses == [CloseStatus.CLIENT_LEFT] * 2


async def test_an_engine_that_dies_ends_the_socket() -> None:
    async with socket_gateway() as gateway:
        gateway.engine.is_mute = True
        opened = await gateway.open(STREAM)
        for message in (FIRST, {"inputs": [line("Hello.")], "flush": True}):
            await opened.send(json.dumps(message))
        while not gateway.engine.streams:
            await asyncio.sleep(0.005)
        gateway.engine.links[0].close()
        assert json.loads(await opened.recv())["error"] == "engine_unavailable"
        await opened.wait_closed()
        assert opened.close_code == 1011
