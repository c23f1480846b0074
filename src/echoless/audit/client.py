"""A plain client for planting: it sends what it is told to send, byte by byte where that matters.

It keeps its connection open and idle between requests, as real clients do, so that what a server holds for an idle
connection is under test too.
"""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from echoless.audit.planting import Form
from echoless.audit.socket_client import AuditSocket, SocketRefusedError, unverified

TIMEOUT_S: Final = 60.0
BROKEN_OFF: Final = (
    OSError, http.client.HTTPException, SocketRefusedError, ValueError, LookupError, TypeError, AttributeError,
    AssertionError, ArithmeticError, EOFError, RuntimeError, struct.error,
)  # fmt: skip
"""What ends an audit of a server that breaks off, or whose answers are not what they must be to be read."""
_FRAMES_TOLD: Final = 4
_JSON_HEADERS: Final = {"content-type": "application/json"}


def ending_of(error: BaseException) -> str:
    """Say what broke an audit off, and where in it, innermost first: an error's text may hold what was said."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_TOLD:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; prints without its body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class AuditClient:
    """One keep-alive connection to a server.

    url:     `http` or `https`; a certificate is not checked, since the audit does not judge who it speaks with
    pause_s: before each request, so that a server in use is not pressed
    """

    def __init__(self, url: str, api_key: str, pause_s: float = 0.0) -> None:
        self._pause_s = pause_s
        self._url = url
        parts = urlsplit(url)
        assert parts.hostname is not None, "the URL of a server has a host"
        self._host = parts.hostname
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self.key_header = {"xi-api-key": api_key}
        self._connection = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def request(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and read the whole answer.

        body: a form, bytes as they are, anything else as JSON
        """
        self._pause()
        data, described = _written(body)
        sent = {**described, **self.key_header, **(headers or {})}
        try:
            return self._exchange(self._connection, method, path, data, sent)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server has closed an idle or refused connection: once more on a new one.
            self._connection.close()
            self._connection = self._connect()
            return self._exchange(self._connection, method, path, data, sent)

    def open_stream(self, path: str, body: object) -> OpenStream:
        """Send a request on a connection of its own and read only the beginning of the answer."""
        self._pause()
        connection = self._connect(receive_bytes=16 * 1024)
        data, described = _written(body)
        connection.request("POST", path, body=data, headers={**described, **self.key_header})
        return OpenStream(connection, connection.getresponse())

    def open_socket(self, path: str, headers: Mapping[str, str] | None = None) -> AuditSocket:
        """Open a socket on a connection of its own.

        raises: SocketRefusedError when the handshake is answered with a status
        """
        self._pause()
        return AuditSocket.opened(self._url, path, {**self.key_header, **(headers or {})})

    def leave_while_sending(self, path: str, body: object) -> None:
        """Send half of a request's body, then go away."""
        self._send_half(path, body).close()

    def wait_while_sending(self, path: str, body: object) -> Answer:
        """Send half of a request's body and wait for what the server makes of that."""
        connection = self._send_half(path, body)
        try:
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def _send_half(self, path: str, body: object) -> http.client.HTTPConnection:
        data, described = _written(body)
        assert data is not None, "who leaves while sending has something to send"
        connection = self._connect()
        connection.putrequest("POST", path)
        for name, value in {**described, **self.key_header, "content-length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data[: len(data) // 2])
        return connection

    def connected(self, timeout_s: float) -> http.client.HTTPConnection:
        """Return a connection of its own, on which nothing has been said."""
        connection = self._connect()
        assert connection.sock is not None, "it is connected"
        connection.sock.settimeout(timeout_s)
        return connection

    def _pause(self) -> None:
        if self._pause_s:
            time.sleep(self._pause_s)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        data: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        connection.request(method, path, body=data, headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def _connect(self, *, receive_bytes: int = 0) -> http.client.HTTPConnection:
        raw = socket.create_connection((self._host, self._port), TIMEOUT_S)
        if receive_bytes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        connection.sock = unverified().wrap_socket(raw, server_hostname=self._host) if self._is_tls else raw
        return connection


class OpenStream:
    """An answer that is not read to its end."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def read(self, count: int) -> bytes:
        """Read so many bytes of the body."""
        return self._response.read(count)

    def close(self) -> None:
        """Go away."""
        self._response.close()
        self._connection.close()


def _written(body: object) -> tuple[bytes | None, dict[str, str]]:
    """Return a body as bytes, and the header that says what it is."""
    match body:
        case None:
            return None, {}
        case Form():
            return body.encoded(), {"content-type": body.media_type}
        case bytes():
            return body, _JSON_HEADERS
        case _:
            return json.dumps(body).encode(), _JSON_HEADERS
