"""One socket from its first message to its close, over a vault and an engine that are scripts."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.records import CloseStatus, Refused
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

INIT = {"text": " "}
STREAM = f"{PATH}/stream-input"
MULTI = f"{PATH}/multi-stream-input"


async def test_a_kept_stream_is_one_item_under_the_sockets_own_ticket() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(STREAM, INIT, {"text": "One. ", "flush": True}, {"text": "Two."}, {"text": ""})
        assert heard.close_code == 1000
        assert gateway.vault.texts() == ["One. Two."]
        kept = gateway.vault.last
        assert kept.closed is not None
        assert (kept.closed.status, kept.closed.http_status) == (CloseStatus.DONE, 1000)
        assert bytes(kept.audio) == b"One. Two."
        assert gateway.vault.running == dict.fromkeys(gateway.vault.running, 0)


@pytest.mark.claim("Z2")
async def test_nothing_of_a_zero_stream_reaches_the_vault_but_counts() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?enable_logging=false", INIT, {"text": "Hush. "}, {"text": ""})
        assert heard.headers["x-echoless-retention"] == heard.messages[0]["retention"] == "zero"
        assert heard.messages[-1]["isFinal"] is True
        assert gateway.vault.texts() == []
        assert gateway.vault.last.audio == b""
        assert not any("Keep" in type(question).__name__ for question in gateway.vault.questions)
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.audio_bytes == len("Hush. ")


async def test_an_empty_stream_is_closed_well_and_costs_no_engine() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(STREAM, INIT, {"text": ""})
        assert (heard.close_code, heard.messages[-1]["isFinal"]) == (1000, True)
        assert gateway.engine.streams == []
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.DONE


async def test_an_idle_socket_holds_no_engine_and_no_place() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(f"{STREAM}?auto_mode=true")
        await opened.send(json.dumps(INIT))
        await opened.send(json.dumps({"text": "gathering"}))
        await asyncio.sleep(0.05)
        assert gateway.engine.streams == []
        assert gateway.vault.running == {}
        await opened.send(json.dumps({"text": " words. "}))
        assert json.loads(await opened.recv())["audio"]
        await asyncio.sleep(0.05)
        assert list(gateway.vault.running.values()) == [0]
        await opened.close()


async def test_contexts_have_tickets_and_items_of_their_own() -> None:
    async with socket_gateway() as gateway:
        said = [{"text": f"{name}. ", "context_id": name, "flush": True} for name in "ab"]
        heard = await gateway.talk(MULTI, *said, {"close_socket": True})
        assert heard.close_code == 1000
        assert sorted(gateway.vault.texts()) == ["a. ", "b. "]
        assert len(gateway.vault.contexts) == 2
        assert all(kept.closed is not None for kept in gateway.vault.tickets.values())
        finals = [message["contextId"] for message in heard.messages if message["isFinal"]]
        assert sorted(finals) == ["a", "b"]


async def test_a_name_that_is_used_again_waits_for_the_final_message_of_the_old_one() -> None:
    async with socket_gateway() as gateway:
        one, two = ({"text": f"{word}. ", "context_id": "a", "flush": True} for word in ("one", "two"))
        close = {"context_id": "a", "close_context": True}
        heard = await gateway.talk(MULTI, one, close, two, close, {"close_socket": True})
        said = [
            base64.b64decode(message["audio"]).decode() if message["audio"] else "!" for message in heard.messages
        ]
        assert said == ["one. ", "!", "two. ", "!"]


async def test_a_client_that_vanishes_stops_the_engine_and_closes_its_ticket() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        await opened.send(json.dumps(INIT))
        await opened.send(json.dumps({"text": "Hello. ", "flush": True}))
        await opened.recv()
        opened.transport.abort()
        await gateway.settle()
        assert gateway.engine.streams[0].is_cancelled
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.CLIENT_LEFT


async def test_a_refused_generation_closes_the_socket_and_reaches_no_engine() -> None:
    async with socket_gateway() as gateway:
        gateway.vault.refused = [Refused(code=ErrorCode.QUOTA_EXCEEDED.value, message="Spent.")]
        heard = await gateway.talk(STREAM, INIT, {"text": "Too much. ", "flush": True})
        assert (heard.error, heard.close_code) == ("quota_exceeded", 1008)
        assert gateway.engine.streams == []
        assert gateway.vault.texts() == []
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.REFUSED


async def test_what_was_said_before_an_error_stays_kept_and_paid() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        await opened.send(json.dumps(INIT))
        await opened.send(json.dumps({"text": "Said. ", "flush": True}))
        await opened.recv()
        await opened.send("no json")
        assert json.loads(await opened.recv())["error"] == "invalid_message"
        await opened.wait_closed()
        await gateway.settle()
        closed = gateway.vault.last.closed
        assert closed is not None
        assert (closed.status, closed.http_status, closed.error_code) == (CloseStatus.DONE, 1008, "invalid_message")


async def test_an_engine_that_fails_is_our_fault() -> None:
    async with socket_gateway() as gateway:
        gateway.engine.error_code = "internal_error"
        heard = await gateway.talk(STREAM, INIT, {"text": "Hello. ", "flush": True})
        assert (heard.error, heard.close_code) == ("internal_error", 1011)
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.FAILED


async def test_an_engine_that_dies_ends_the_socket() -> None:
    async with socket_gateway() as gateway:
        gateway.engine.is_mute = True
        opened = await gateway.open(STREAM)
        await opened.send(json.dumps(INIT))
        await opened.send(json.dumps({"text": "Hello. ", "flush": True}))
        while not gateway.engine.streams:
            await asyncio.sleep(0.005)
        gateway.engine.links[0].close()
        assert json.loads(await opened.recv())["error"] == "engine_unavailable"
        await opened.wait_closed()
        assert opened.close_code == 1011


async def test_a_silent_client_is_told_so() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?inactivity_timeout=1", INIT)
        assert (heard.error, heard.close_code) == ("input_timeout_exceeded", 1008)


async def test_the_time_runs_anew_once_everything_has_been_spoken() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{STREAM}?inactivity_timeout=1", INIT, {"text": "Hello. ", "flush": True})
        assert heard.error == "input_timeout_exceeded"
        assert heard.messages[0]["audio"]
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.DONE
