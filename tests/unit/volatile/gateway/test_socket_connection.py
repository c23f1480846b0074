"""One WebSocket: bounds, and nothing kept."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any

import pytest

from echoless.core.journal import Event
from echoless.volatile.gateway.socket_connection import MESSAGE_BYTES_MAX, SocketConnection
from tests.fakes.socket_gateway import PATH, SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

INIT = {"text": " "}
STREAM = f"{PATH}/stream-input"


def connection_of(gateway: SocketGateway) -> SocketConnection:
    (found,) = (thing for thing in gc.get_objects() if type(thing) is SocketConnection and not thing.disconnected)
    return found


def _strings_of_tasks() -> list[str]:
    """Return what the frames of all tasks that wait have in their variables, as text."""
    found = []
    for task in asyncio.all_tasks():
        awaited: Any = task.get_coro()
        while awaited is not None and hasattr(awaited, "cr_frame") and task is not asyncio.current_task():
            found += [str(value) for value in awaited.cr_frame.f_locals.values() if isinstance(value, str | bytes)]
            awaited = awaited.cr_await
    return found


async def test_compression_is_never_agreed_upon() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        assert opened.response.headers.get("Sec-WebSocket-Extensions") is None
        await opened.close()


async def test_a_message_over_the_limit_closes_with_1009_although_it_is_still_coming() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(STREAM, INIT, "x" * (MESSAGE_BYTES_MAX * 9))
        assert heard.close_code == 1009


async def test_a_message_may_come_in_fragments() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        await opened.send(json.dumps(INIT))
        await opened.send(['{"text": "in pieces. ", ', '"flush": true}'])
        assert json.loads(await opened.recv())["audio"]
        await opened.close()


async def test_nothing_of_handshake_and_messages_is_kept_while_the_socket_is_open() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(f"{STREAM}?language_code=qzxquery")
        await opened.send(json.dumps(INIT))
        await opened.send(json.dumps({"text": "qzxtext. ", "flush": True}))
        await opened.recv()
        await asyncio.sleep(0.05)
        connection = connection_of(gateway)
        frame: Any = connection.conn.parser.gi_yieldfrom.gi_frame.f_locals["frame"]  # type: ignore[attr-defined]  # the parser's
        assert frame.data == b""
        assert (connection.request, connection.response, connection.frames) == (None, None, [])
        assert connection.scope == {"type": "websocket"}
        assert bytes(connection.conn.reader.buffer) == b""
        # The parser has the request in its frame: what is left of it is empty.
        request = connection.conn.parser.gi_frame.f_locals["request"]  # type: ignore[attr-defined]  # as above
        assert (request.path, list(request.headers.raw_items())) == ("", [])
        assert not [held for held in _strings_of_tasks() if "qzxquery" in held]
        await opened.close()


async def test_a_client_that_reads_nothing_is_cut_off() -> None:
    async with socket_gateway(write_timeout_s=0.2) as gateway:
        opened = await gateway.open(STREAM)
        opened.transport.pause_reading()
        await opened.send(json.dumps(INIT))
        for _ in range(3):
            await opened.send(json.dumps({"text": "word " * 1900, "flush": True}))
        connection = connection_of(gateway)
        connection.transport.set_write_buffer_limits(high=0)
        connection.pause_writing()
        await asyncio.sleep(0.4)
        assert connection.disconnected
        opened.transport.abort()
        await opened.wait_closed()


async def test_broken_frames_say_nothing_to_the_journal_but_that_they_came() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        opened.transport.write(b"\xff\xff\xff\xff")
        await opened.wait_closed()
        assert opened.close_code == 1002
        assert {event for event, _fields in gateway.journal.events} <= {Event.REQUEST_CLOSED}


async def test_the_server_stops_with_sockets_open() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        await gateway.server.stop(1.0)
        await opened.wait_closed()
        assert opened.close_code == 1012
