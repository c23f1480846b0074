"""A socket says what it is told to say, listens as told, and goes as told."""

from __future__ import annotations

import socket
import threading

import pytest
from websockets.exceptions import InvalidMessage
from websockets.utils import accept_key

from echoless.audit import socket_client
from echoless.audit.socket_client import AuditSocket, SocketRefusedError
from tests.unit.audit.conftest import SocketStub

pytestmark = pytest.mark.unit
# source: RFC 6455, section 5.5.1: a last frame of kind 8 with a code, here 1008
_CLOSE_FRAME = b"\x88\x02\x03\xf0"


def test_everything_is_heard_to_the_close(socket_stub: SocketStub) -> None:
    socket_stub.headers = {"X-Mode": "zero"}
    socket_stub.reply = lambda frame: 1008 if frame == b"two" else f"heard {frame!r}"
    opened = AuditSocket.opened(socket_stub.url, "/a", {"x-key": "k"})
    opened.say("one", b"two")
    assert opened.hear_to_the_close() == 1008
    assert (opened.headers["x-mode"], opened.messages) == ("zero", [b"heard 'one'"])
    assert socket_stub.heard == ["one", b"two"]


def test_a_refused_handshake_is_a_status(socket_stub: SocketStub) -> None:
    socket_stub.refusal = 429
    with pytest.raises(SocketRefusedError) as caught:
        AuditSocket.opened(socket_stub.url, "/a", {})
    assert caught.value.status == 429


def test_a_handshake_that_is_broken_off_is_a_broken_connection() -> None:
    """As when the server is killed meanwhile: no status was given, so none is made up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(OSError, match="handshake"):
            AuditSocket.opened(f"http://127.0.0.1:{listener.getsockname()[1]}", "/a", {})
        thread.join(5)


@pytest.mark.parametrize(("scheme", "tries"), [("https", 2), ("http", 1)])
def test_a_handshake_over_tls_that_is_not_answered_is_tried_once_more(
    monkeypatch: pytest.MonkeyPatch, scheme: str, tries: int
) -> None:
    asked: list[str] = []

    def unanswered(url: str, **_: object) -> None:
        asked.append(url)
        raise InvalidMessage("did not receive a valid HTTP response")

    monkeypatch.setattr(socket_client, "connect", unanswered)
    with pytest.raises(ConnectionAbortedError, match="not answered"):
        AuditSocket.opened(f"{scheme}://127.0.0.1:1", "/a", {})
    assert len(asked) == tries


def test_a_socket_that_is_quiet_stays_open(socket_stub: SocketStub) -> None:
    socket_stub.reply = lambda frame: str(frame)
    opened = AuditSocket.opened(socket_stub.url, "/a", {})
    opened.say("one", "two")
    opened.hear_until_quiet()
    assert opened.messages == [b"one", b"two"]
    assert not socket_stub.left.is_set()
    opened.close()
    assert socket_stub.left.wait(5)


@pytest.mark.timeout(20)
def test_a_socket_that_the_server_is_closing_vanishes_at_once() -> None:
    """The server has said its close and holds the line: who vanishes then does not wait for it."""
    is_gone = threading.Event()

    def hold() -> None:
        line = listener.accept()[0]
        with line:
            head = line.recv(65_536).decode()
            key = next(row.split()[1] for row in head.splitlines() if row.lower().startswith("sec-websocket-key:"))
            answer = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_key(key)}"
            line.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{answer}\r\n\r\n".encode() + _CLOSE_FRAME)
            while line.recv(65_536):
                pass
            is_gone.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=hold)
        thread.start()
        opened = AuditSocket.opened(f"http://127.0.0.1:{listener.getsockname()[1]}", "/a", {})
        opened.vanish()
        assert is_gone.wait(5)
        thread.join(5)


def test_a_socket_vanishes_without_a_close(socket_stub: SocketStub) -> None:
    socket_stub.reply = lambda frame: str(frame)
    opened = AuditSocket.opened(socket_stub.url, "/a", {})
    opened.say("one")
    opened.hear_first()
    opened.vanish()
    assert socket_stub.left.wait(5)


def test_a_socket_prints_without_what_it_heard(socket_stub: SocketStub) -> None:
    socket_stub.reply = lambda frame: 1000 if frame == "end" else "secret"
    opened = AuditSocket.opened(socket_stub.url, "/a", {})
    opened.say("x", "end")
    opened.hear_to_the_close()
    assert opened.messages == [b"secret"]
    assert "secret" not in repr(opened)
