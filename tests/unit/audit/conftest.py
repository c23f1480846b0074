"""A server that answers as it is told, for everything that speaks HTTP to one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record

Reply = tuple[int, dict[str, str], bytes]


def nobody(_directory: Path, _question: Record) -> Record:
    """Be a vault that cannot be asked."""
    raise EcholessError(ErrorCode.DATA_DIRECTORY, "nobody answers")


@dataclass(slots=True)
class Stub:
    """Answers by a function of method, path and body; remembers what it was asked."""

    url: str = ""
    reply: Callable[[str, str, bytes], Reply] = lambda _method, _path, _body: (200, {}, b"")
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    cut_off_count: int = 0


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else each answer waits 40 ms for a client that waits for its body.
        disable_nagle_algorithm = True

        def answer(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                stub.cut_off_count += 1
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.asked.append((self.command, self.path, body, headers))
            status, more, data = stub.reply(self.command, self.path, body)
            self.send_response(status)
            for name, value in {**more, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                stub.cut_off_count += 1

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # the base class calls them so

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(slots=True)
class SocketStub:
    """Answers each frame by a function, until it returns a close code; remembers what it was told."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    refusal: int = 0
    reply: Callable[[str | bytes], str | int | None] = lambda _frame: 1000
    heard: list[str | bytes] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def socket_stub() -> Iterator[SocketStub]:
    stub = SocketStub()

    def check(connection: ServerConnection, _request: Request) -> Response | None:
        return connection.respond(stub.refusal, "") if stub.refusal else None

    def describe(_connection: ServerConnection, _request: Request, response: Response) -> Response:
        for name, value in stub.headers.items():
            response.headers[name] = value
        return response

    def talk(connection: ServerConnection) -> None:
        try:
            for frame in connection:
                stub.heard.append(frame)
                said = stub.reply(frame)
                if isinstance(said, int):
                    connection.close(said)
                elif said is not None:
                    connection.send(said)
        except ConnectionClosed:
            pass
        stub.left.set()

    server: Server = serve(talk, "127.0.0.1", 0, process_request=check, process_response=describe, close_timeout=1)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    yield stub
    server.shutdown()
    thread.join()
