"""One client connection on a real socket: closing, deadlines, bounds and forgetting."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import struct
from dataclasses import replace

import pytest

from echoless.crossing.records import CloseStatus
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.served_gateway import SPEAK, SPEECH, read_chunked, read_head, request, served

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
AUDIO = bytes(range(256)) * 700
LARGE = bytes(range(256)) * 16384


async def test_two_requests_on_one_connection_are_answered_whole() -> None:
    async with served(FakeEngine(AUDIO)) as world:
        reader, writer = await world.connect()
        for _ in range(2):
            writer.write(SPEAK)
            status, headers = await read_head(reader)
            assert (status, headers["content-type"]) == (200, "audio/mpeg")
            assert await read_chunked(reader) == AUDIO
        writer.close()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with served(FakeEngine(AUDIO)) as world:
        reader, writer = await world.connect()
        writer.write(SPEAK + request("/health", method="GET") + SPEAK[:20])
        await read_head(reader)
        assert await read_chunked(reader) == AUDIO
        status, headers = await read_head(reader)
        assert status == 200
        await reader.readexactly(int(headers["content-length"]))
        writer.write(SPEAK[20:])
        await read_head(reader)
        assert await read_chunked(reader) == AUDIO
        writer.close()


async def test_refused_request_with_a_declared_gigabyte_is_answered_at_once_and_closed() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        head = request(SPEECH, key="sk_wrong").replace(b"content-length: 0", b"content-length: 1000000000")
        writer.write(head + b"x" * 10_000)
        status, headers = await read_head(reader)
        assert (status, headers["connection"]) == (401, "close")
        await reader.readexactly(int(headers["content-length"]))
        # Our side is closed at once though the client goes on, and the client is cut off after the drain's bound.
        async with asyncio.timeout(0.5):
            assert await reader.read() == b""
        assert world.server.connection_count == 1
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                writer.write(b"x" * 65536)
                await writer.drain()
                await asyncio.sleep(0.005)
            pytest.fail("a body of 4 MiB was taken after the refusal")
        assert world.server.connection_count == 0


async def test_declared_body_over_the_bound_is_413_before_it_is_read() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        writer.write(request(SPEECH).replace(b"content-length: 0", b"content-length: 9000000"))
        status, headers = await read_head(reader)
        assert (status, headers["connection"]) == (413, "close")
        writer.close()


async def test_expectation_of_a_refused_request_gets_no_continue() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        head = request(SPEECH, key="sk_wrong", more="expect: 100-continue\r\n")
        writer.write(head.replace(b"content-length: 0", b"content-length: 50"))
        status, _ = await read_head(reader)
        assert status == 401
        writer.close()


async def test_expectation_of_a_granted_request_gets_a_continue() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        body = b'{"text":"Hello"}'
        writer.write(request(SPEECH, body, more="expect: 100-continue\r\n")[: -len(body)])
        assert (await read_head(reader))[0] == 100
        writer.write(body)
        assert (await read_head(reader))[0] == 200
        writer.close()


async def test_client_that_never_ends_its_head_is_closed() -> None:
    async with served(header_timeout_s=0.15) as world:
        reader, writer = await world.connect()
        writer.write(b"GET /health HTTP/1.1\r\nx-a: ")
        assert await reader.read() == b""
        silent_reader, silent_writer = await world.connect()
        assert await silent_reader.read() == b""
        blank_reader, blank_writer = await world.connect()
        blank_writer.write(b"\r\n")
        assert await blank_reader.read() == b""
        for each in (writer, silent_writer, blank_writer):
            each.close()


async def test_client_that_never_ends_its_body_gets_408() -> None:
    async with served(body_timeout_s=0.1) as world:
        reader, writer = await world.connect()
        writer.write(request(SPEECH).replace(b"content-length: 0", b"content-length: 50") + b"{")
        status, headers = await read_head(reader)
        assert (status, headers["connection"]) == (408, "close")
        writer.close()


async def test_head_over_its_bound_is_refused() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        writer.write(b"GET /health HTTP/1.1\r\nx-a: " + b"a" * 200_000)
        assert (await read_head(reader))[0] == 431
        writer.close()


async def test_what_is_no_http_gets_400_in_the_contracts_shape() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        writer.write(b"\x16\x03\x01 hello\r\n\r\n")
        status, headers = await read_head(reader)
        body = await reader.readexactly(int(headers["content-length"]))
        assert (status, json.loads(body)["detail"]["code"]) == (400, "invalid_parameters")
        writer.close()


async def test_idle_connection_is_closed_after_its_time() -> None:
    async with served(keep_alive_timeout_s=0.1) as world:
        reader, writer = await world.connect()
        writer.write(request("/health", method="GET"))
        _, headers = await read_head(reader)
        await reader.readexactly(int(headers["content-length"]))
        assert await reader.read() == b""
        writer.close()


async def test_client_that_never_reads_stops_the_engine_and_is_cut_off() -> None:
    async with served(FakeEngine(LARGE * 4), write_timeout_s=0.3) as world:
        _reader, writer = await world.connect(receive_bytes=4096)
        writer.transport.pause_reading()
        writer.write(SPEAK)
        async with asyncio.timeout(8):
            while not world.gateway.engine.jobs or not world.gateway.engine.jobs[0].is_cancelled:
                await asyncio.sleep(0.02)
        assert world.gateway.engine.jobs[0].sent_bytes < len(LARGE) * 2
        async with asyncio.timeout(8):
            while world.gateway.vault.last.closed is None:
                await asyncio.sleep(0.02)
        assert world.gateway.vault.last.closed.status is CloseStatus.CLIENT_LEFT
        writer.close()


async def test_client_that_leaves_midway_stops_the_engine_at_once() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 65536
    async with served(engine) as world:
        reader, writer = await world.connect()
        writer.write(SPEAK)
        await read_head(reader)
        await reader.readexactly(1000)
        writer.transport.abort()
        async with asyncio.timeout(1):
            while not engine.jobs[0].is_cancelled:
                await asyncio.sleep(0.005)


async def test_response_that_fails_midway_has_no_clean_end() -> None:
    engine = FakeEngine(AUDIO)
    engine.error_code, engine.error_after_bytes = "engine_unavailable", 65536
    async with served(engine) as world:
        reader, writer = await world.connect()
        writer.write(SPEAK)
        assert (await read_head(reader))[0] == 200
        with pytest.raises((ValueError, asyncio.IncompleteReadError)):
            await read_chunked(reader)
        writer.close()


async def test_idle_connection_keeps_nothing_of_its_request() -> None:
    marker = "marked words of a request 7c1f"
    async with served(FakeEngine(b"0123456789" * 1000)) as world:
        reader, writer = await world.connect()
        writer.write(request(f"{SPEECH}?x={'q' * 30}7c1f", json.dumps({"text": marker}).encode()))
        await read_head(reader)
        await read_chunked(reader)
        world.gateway.vault.tickets.clear()
        world.gateway.vault.questions.clear()
        world.gateway.engine.jobs.clear()
        world.gateway.engine._by_correlation.clear()
        await asyncio.sleep(0.3)
        held = [item for item in gc.get_objects() if isinstance(item, dict | list | tuple) and _holds(item)]
        assert not held
        writer.close()


def _holds(container: dict[object, object] | list[object] | tuple[object, ...]) -> bool:
    items = container.values() if isinstance(container, dict) else container
    with contextlib.suppress(RuntimeError):
        return any(isinstance(item, bytes) and b"q7c1f" in item for item in items)
    return False


async def test_reset_while_a_request_waits_frees_everything() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 0
    async with served(engine) as world:
        _reader, writer = await world.connect()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.write(SPEAK)
        while not engine.jobs:
            await asyncio.sleep(0.005)
        writer.transport.abort()
        async with asyncio.timeout(2):
            while world.server.connection_count or not engine.jobs[0].is_cancelled:
                await asyncio.sleep(0.005)


async def test_client_that_leaves_while_more_of_its_requests_wait_stops_the_one_that_runs() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 65536
    async with served(engine) as world:
        _reader, writer = await world.connect()
        writer.write(SPEAK + SPEAK + SPEAK)
        while not engine.jobs:
            await asyncio.sleep(0.005)
        writer.transport.abort()
        async with asyncio.timeout(2):
            while world.server.connection_count or not engine.jobs[0].is_cancelled:
                await asyncio.sleep(0.005)
        assert len(engine.jobs) == 1


async def test_too_many_requests_in_advance_end_the_connection() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 0
    async with served(engine) as world:
        reader, writer = await world.connect()
        writer.write(SPEAK + request("/health", method="GET") * 100)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(2):
                assert await reader.read() == b""
        writer.close()


async def test_a_handshake_that_is_none_is_answered_and_the_connection_ends() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        more = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n"
        head = request(f"{SPEECH}/stream-input", method="GET", more=more)
        writer.write(head.replace(b"content-length: 0\r\n", b""))
        status, headers = await read_head(reader)
        assert (status, {name.lower(): value for name, value in headers.items()}["connection"]) == (400, "close")
        async with asyncio.timeout(2):
            await reader.read()
        writer.close()


async def test_an_upgrade_that_is_not_offered_is_a_request_and_the_connection_ends() -> None:
    async with served() as world:
        reader, writer = await world.connect()
        head = request(SPEECH, method="GET", more="upgrade: h2c\r\nconnection: upgrade\r\n")
        writer.write(head.replace(b"content-length: 0\r\n", b""))
        status, headers = await read_head(reader)
        assert (status, headers["connection"]) == (405, "close")
        async with asyncio.timeout(2):
            await reader.read()
        writer.close()


async def test_connections_have_a_bound() -> None:
    async with served() as world:
        world.server._limits = replace(world.server._limits, connections_max=2)
        kept = [await world.connect() for _ in range(2)]
        await asyncio.sleep(0.01)
        reader, writer = await world.connect()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(2):
                assert await reader.read() == b""
        assert world.server.connection_count == 2
        for _, each in (*kept, (reader, writer)):
            each.close()


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("tail", ["#enable_logging=false", "#&enable_logging=false", "?a=1#enable_logging=false"])
async def test_switch_in_a_fragment_is_not_dropped(tail: str) -> None:
    """C2: a request line has no fragment; what stands there is part of the path or of the query."""
    async with served() as world:
        reader, writer = await world.connect()
        writer.write(request(SPEECH + tail, b'{"text": "Hello"}'))
        status, headers = await read_head(reader)
        assert (status, headers["x-echoless-retention"]) == (422, "zero")
        writer.close()


async def test_head_is_answered_as_get_without_a_body() -> None:
    async with served() as world:
        for path, key in (("/v1/models", "sk_test"), ("/health", "")):
            heads = []
            for method in ("GET", "HEAD"):
                reader, writer = await world.connect()
                writer.write(request(path, method=method, more="connection: close\r\n", key=key))
                status, headers = await read_head(reader)
                body = await reader.read()
                assert (status, len(body)) == (200, int(headers["content-length"]) if method == "GET" else 0)
                heads.append(headers | {"request-id": ""})
                writer.close()
            assert heads[0] == heads[1]
