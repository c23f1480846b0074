"""A plain client of sockets: says what it is told to say, and can stay open, close, or vanish."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

TIMEOUT_S: Final = 60.0
QUIET_S: Final = 0.7
_VANISHED: Final = 1006


class SocketRefusedError(Exception):
    """A handshake was answered with a status.

    status: the status
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


@dataclass(slots=True)
class AuditSocket:
    """One open socket; prints without what it heard.

    headers:  of the answer to its handshake, in lower case
    messages: what came, in order; binary messages are not expected of a speech server
    """

    _connection: ClientConnection = field(repr=False)
    _block: ExitStack = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    messages: list[bytes] = field(default_factory=list, repr=False)

    @classmethod
    def opened(cls, url: str, path: str, headers: Mapping[str, str]) -> Self:
        """Open one.

        url:    of the server, `http` or `https`
        raises: SocketRefusedError, ConnectionAbortedError where there is no whole answer
        """
        if url.startswith("https"):
            # Before Python 3.13 two threads use one TLS connection without a lock; now and then the reader, who
            # takes what TLS 1.3 sends after its handshake, swallows the request of the writer.
            with contextlib.suppress(ConnectionAbortedError):
                return cls._opened_once(url, path, headers)
        return cls._opened_once(url, path, headers)

    @classmethod
    def _opened_once(cls, url: str, path: str, headers: Mapping[str, str]) -> Self:
        context = unverified() if url.startswith("https") else None
        # Its block ends when the socket is closed, or has vanished.
        block = ExitStack()
        try:
            connection = block.enter_context(
                connect(
                    url.replace("http", "ws", 1) + path, additional_headers=dict(headers), ssl=context,
                    user_agent_header=None, max_size=None, open_timeout=TIMEOUT_S, close_timeout=TIMEOUT_S,
                    compression=None,
                )
            )  # fmt: skip
        except InvalidStatus as refusal:
            status = refusal.response.status_code
        except (InvalidHandshake, ConnectionClosed):
            status = None
        else:
            answer = connection.response
            assert answer is not None, "an open socket has had its answer"
            return cls(connection, block, {name.lower(): value for name, value in answer.headers.raw_items()})
        if status is None:
            raise ConnectionAbortedError(errno.ECONNABORTED, "the handshake was not answered")
        raise SocketRefusedError(status)

    def say(self, *frames: str | bytes) -> None:
        """Send frames; a socket that is closed meanwhile takes no more."""
        try:
            for frame in frames:
                self._connection.send(frame)
        except ConnectionClosed:
            pass  # What it was closed with is read next.

    def hear_first(self) -> None:
        """Read one message.

        raises: TimeoutError
        """
        self._take(TIMEOUT_S)

    def hear_until_quiet(self, awaits: bytes = b"") -> None:
        """Read until nothing more has come for a while.

        awaits: what a message must hold before that counts
        raises: TimeoutError when it does not come
        """
        while self._take(TIMEOUT_S) and awaits not in self.messages[-1]:
            pass
        try:
            while self._take(QUIET_S):
                pass
        except TimeoutError:
            return

    def hear_to_the_close(self) -> int:
        """Read everything; return the code of the close.

        raises: TimeoutError
        """
        while self._take(TIMEOUT_S):
            pass
        self._block.close()
        return self._connection.close_code or _VANISHED

    def close(self) -> None:
        """Close it, if it is still open."""
        self._block.close()

    def vanish(self) -> None:
        """Lose the connection, without a close.

        Shut down, not closed: whoever reads from it in another thread would wait for a descriptor that is gone.
        """
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.socket.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        self._block.close()

    def _take(self, timeout_s: float) -> bool:
        try:
            message = self._connection.recv(timeout_s)
        except ConnectionClosed:
            return False
        self.messages.append(message.encode() if isinstance(message, str) else message)
        return True


def unverified() -> ssl.SSLContext:
    """Return a context that takes any certificate: the audit does not judge who it speaks with."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
