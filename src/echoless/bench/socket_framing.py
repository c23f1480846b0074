"""WebSockets as the load generator speaks them: text frames out, messages in, on a plain blocking socket.

As thin as the pipe to the bare engine, so that what is measured is the server: no thread, no queue, no library.
source: RFC 6455
"""

from __future__ import annotations

import base64
import os
import socket
import struct
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from echoless.core.errors import EcholessError, ErrorCode

TIMEOUT_S: Final = 60.0
TEXT: Final = 0x1
CLOSE: Final = 0x8
_PING: Final = 0x9
_IS_LAST: Final = 0x80
_IS_MASKED: Final = 0x80
_LENGTH_IN_2: Final = 126
_LENGTH_IN_8: Final = 127
_HEAD_BYTES_MAX: Final = 16 * 1024


def frame(payload: bytes) -> bytes:
    """Return a text frame as a client sends it. The mask is zero: it is there for proxies, and costs nothing so."""
    count = len(payload)
    if count < _LENGTH_IN_2:
        length = bytes([_IS_MASKED | count])
    elif count < 1 << 16:
        length = bytes([_IS_MASKED | _LENGTH_IN_2]) + struct.pack(">H", count)
    else:
        length = bytes([_IS_MASKED | _LENGTH_IN_8]) + struct.pack(">Q", count)
    return bytes([_IS_LAST | TEXT]) + length + bytes(4) + payload


class BenchSocket:
    """One open socket. Use it as a context manager: leaving ends the connection.

    raises: EcholessError(CROSSING_BROKEN) when the handshake is refused or the server closes
    """

    def __init__(self, url: str, path: str, api_key: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None, "a server of our own has a port"
        self._end = socket.create_connection((parts.hostname, parts.port), TIMEOUT_S)
        self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = bytearray()
        nonce = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"sec-websocket-key: {nonce}\r\nsec-websocket-version: 13\r\nxi-api-key: {api_key}\r\n\r\n"
        )
        try:
            self._end.sendall(head.encode())
            self._shake_hands()
        except BaseException:
            self._end.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()

    def send(self, data: bytes) -> None:
        """Send frames that are ready."""
        self._end.sendall(data)

    def receive(self) -> bytes:
        """Return the next message; pings need no answer for as long as a measurement lasts."""
        while True:
            opcode, payload = self._frame()
            if opcode == CLOSE:
                raise _broken(f"close {struct.unpack('>H', payload[:2])[0] if len(payload) > 1 else 1005}")
            if opcode != _PING:
                return payload

    def _shake_hands(self) -> None:
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            if len(self._rest) > _HEAD_BYTES_MAX:
                raise _broken("an endless head")
            self._more()
        status = bytes(self._rest[:end]).split(b" ", 2)[1]
        if status != b"101":
            raise _broken(f"status {int(status)}")
        del self._rest[: end + 4]

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        count = second & 0x7F
        if count == _LENGTH_IN_2:
            (count,) = struct.unpack(">H", self._take(2))
        elif count == _LENGTH_IN_8:
            (count,) = struct.unpack(">Q", self._take(8))
        return first & 0x0F, self._take(count)

    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        taken = bytes(self._rest[:count])
        del self._rest[:count]
        return taken

    def _more(self) -> None:
        data = self._end.recv(64 * 1024)
        if not data:
            raise _broken("an end within a message")
        self._rest += data


def _broken(what: str) -> EcholessError:
    return EcholessError(ErrorCode.CROSSING_BROKEN, f"the server answered with {what}")
