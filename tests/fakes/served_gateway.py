"""A gateway on a real socket, and a client that speaks HTTP by hand."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from echoless.core.journal import MemoryJournal
from echoless.volatile.gateway.server import GatewayServer
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_vault import API_KEY
from tests.fakes.gateway import VOICE_ID, Gateway, gateway_config, running_gateway

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Served:
    """A server with what is behind it."""

    def __init__(self, gateway: Gateway, server: GatewayServer, address: tuple[str, int]) -> None:
        self.gateway = gateway
        self.server = server
        self.address = address

    async def connect(self, receive_bytes: int = 0) -> Streams:
        client = socket.socket()
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, self.address)
        return await asyncio.open_connection(sock=client, limit=64 * 1024)


@asynccontextmanager
async def served(engine: FakeEngine | None = None, **changes: Any) -> AsyncIterator[Served]:
    async with running_gateway(engine, **changes) as gateway:
        server = GatewayServer(gateway.app, gateway_config(**changes), MemoryJournal())
        listener = socket.create_server(("127.0.0.1", 0))
        await server.start(listener)
        try:
            async with asyncio.timeout(20):
                yield Served(gateway, server, listener.getsockname())
        finally:
            await server.stop(1.0)


def request(path: str, body: bytes = b"", *, method: str = "POST", more: str = "", key: str = API_KEY) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\nxi-api-key: {key}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


SPEECH = f"/v1/text-to-speech/{VOICE_ID}"
SPEAK = request(SPEECH, json.dumps({"text": "Hello there"}).encode())


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines)


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while count := int(await reader.readline(), 16):
        body += await reader.readexactly(count)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(body)
