"""The HTTP server: serving on a socket of somebody else, and stopping."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.fake_engine import FakeEngine
from tests.fakes.served_gateway import SPEAK, read_chunked, read_head, request, served

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
AUDIO = bytes(range(256)) * 700


async def test_stop_lets_a_running_response_end_and_closes_idle_connections() -> None:
    async with served(FakeEngine(AUDIO)) as world:
        idle_reader, idle_writer = await world.connect()
        idle_writer.write(request("/health", method="GET"))
        _, headers = await read_head(idle_reader)
        await idle_reader.readexactly(int(headers["content-length"]))
        reader, writer = await world.connect()
        writer.write(SPEAK)
        await read_head(reader)
        stopping = asyncio.create_task(world.server.stop(5.0))
        assert await read_chunked(reader) == AUDIO
        assert await idle_reader.read() == b""
        await stopping
        for each in (writer, idle_writer):
            each.close()


async def test_stop_cuts_what_is_left_after_the_deadline() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 65536
    async with served(engine) as world:
        reader, writer = await world.connect()
        writer.write(SPEAK)
        await read_head(reader)
        await world.server.stop(0.05)
        async with asyncio.timeout(2):
            while world.server.connection_count or not engine.jobs[0].is_cancelled:
                await asyncio.sleep(0.005)
        writer.close()


async def test_two_hundred_clients_at_once_are_all_answered() -> None:
    async with served(FakeEngine(AUDIO[:5000])) as world:

        async def one() -> bytes:
            reader, writer = await world.connect()
            writer.write(SPEAK)
            await read_head(reader)
            body = await read_chunked(reader)
            writer.close()
            return body

        bodies = await asyncio.gather(*(one() for _ in range(200)))
        assert bodies == [AUDIO[:5000]] * 200
