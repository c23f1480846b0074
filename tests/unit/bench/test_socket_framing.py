"""The load generator's sockets speak with a server that knows the standard."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from websockets.sync.server import ServerConnection, serve

from echoless.bench.socket_framing import BenchSocket, frame
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit


@pytest.fixture
def url() -> Iterator[str]:
    """A server that says back what it is told, and closes when told to."""

    def talk(connection: ServerConnection) -> None:
        for message in connection:
            if message == "close":
                connection.close(1008)
            connection.ping()
            connection.send(message)

    server = serve(talk, "127.0.0.1", 0, close_timeout=1)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("count", [0, 1, 125, 126, 65_535, 65_536, 300_000])
def test_messages_of_every_length_go_both_ways(url: str, count: int) -> None:
    message = b"x" * count
    with BenchSocket(url, "/", "k") as opened:
        opened.send(frame(message))
        assert opened.receive() == message


def test_messages_come_in_order(url: str) -> None:
    with BenchSocket(url, "/", "k") as opened:
        opened.send(frame(b"one") + frame(b"two"))
        assert [opened.receive(), opened.receive()] == [b"one", b"two"]


def test_a_close_is_an_error_with_its_code(url: str) -> None:
    with BenchSocket(url, "/", "k") as opened:
        opened.send(frame(b"close"))
        with pytest.raises(EcholessError, match="1008"):
            opened.receive()


def test_a_refused_handshake_is_an_error_with_its_status() -> None:
    with (
        serve(lambda _: None, "127.0.0.1", 0, process_request=lambda c, _: c.respond(429, "")) as server,
        pytest.raises(EcholessError, match="429"),
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            BenchSocket(f"http://127.0.0.1:{server.socket.getsockname()[1]}", "/", "k")
        finally:
            server.shutdown()
            thread.join()
