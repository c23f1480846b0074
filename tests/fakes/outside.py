"""A server out there, for tests of whatever connects out: a script answers, and what arrived is kept."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: str
    server_name: str | None


@dataclass(slots=True)
class Said:
    """What the script answers.

    pieces:    sent one after another, chunked, when there is no stated length
    breaks_off: close without the end of the body
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: list[bytes] | None = None
    breaks_off: bool = False


Script = Callable[[Asked], Said]


class Outside:
    """A server that answers by its script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connection_count = 0
        self.port = 0
        self._names: list[str | None] = []

    @asynccontextmanager
    async def serving(self, certificate: tuple[str, str] | None = None) -> AsyncIterator[Outside]:
        """Serve on loopback until the block is left."""
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            context.sni_callback = lambda _object, name, _context: self._names.append(name)
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    @contextmanager
    def in_thread(self, certificate: tuple[str, str] | None = None) -> Iterator[Outside]:
        """Serve from a thread of its own, for tests that run a real server beside it."""
        ready, done = threading.Event(), threading.Event()

        async def main() -> None:
            async with self.serving(certificate):
                ready.set()
                while not done.is_set():
                    await asyncio.sleep(0.02)

        thread = threading.Thread(target=asyncio.run, args=(main(),))
        thread.start()
        try:
            assert ready.wait(10)
            yield self
        finally:
            done.set()
            thread.join(10)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        try:
            asked = await self._read(reader, writer)
            self.asked.append(asked)
            await _write(writer, self.script(asked))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.strip().split("\r\n")
        method, path, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
        if "chunked" in headers.get("transfer-encoding", ""):
            body = await _chunked(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        name = self._names[-1] if self._names else None
        return Asked(method, path, headers, body, writer.get_extra_info("peername")[0], name)


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).strip() or b"0", 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return bytes(body)


async def _write(writer: asyncio.StreamWriter, said: Said) -> None:
    headers = dict(said.headers)
    is_chunked = said.pieces is not None
    if is_chunked:
        headers["transfer-encoding"] = "chunked"
    elif not said.breaks_off:
        headers.setdefault("content-length", str(len(said.body)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {said.status} Scripted\r\n{lines}\r\n".encode("latin-1"))
    for piece in said.pieces or ():
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await writer.drain()
    if is_chunked and not said.breaks_off:
        writer.write(b"0\r\n\r\n")
    if not is_chunked:
        writer.write(said.body)
    await writer.drain()
