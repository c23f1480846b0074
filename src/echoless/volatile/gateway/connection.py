"""One client connection: uvicorn's HTTP protocol with bounds, deadlines and a clean forgetting.

Bounds: size of a request's head, number of pipelined requests. Deadlines: for the head, for the next request, for a
client that does not read. A response that ends before its request was read to the end is followed by a lingering
close, so that the client sees the answer: end of sending, a short drain, end. After each response nothing here
refers to the request any more, though the connection may stay open and idle.
source: RFC 9112, section 9.6 (tear-down); uvicorn's httptools protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from echoless.volatile.gateway.muffler import Muffler
from echoless.volatile.gateway.socket_connection import SocketConnection

_HEAD_BYTES_MAX: Final = 64 * 1024
_PIPELINED_MAX: Final = 16
_LINGER_BYTES: Final = 256 * 1024
_LINGER_S: Final = 1.0
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_NOT_HTTP_BODY: Final = (
    b'{"detail":{"type":"validation_error","code":"invalid_parameters","status":"invalid_parameters",'
    b'"message":"This is not a valid HTTP request."}}'
)
_NOT_HTTP: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(_NOT_HTTP_BODY), _NOT_HTTP_BODY)
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Deadlines of a connection, in seconds, and how many connections there may be."""

    header_timeout_s: float
    keep_alive_timeout_s: float
    write_timeout_s: float
    connections_max: int = 4096


class LingeringTransport:
    """A transport whose `close` is decided by its connection."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close
        self.is_lingering = False
        self.write = transport.write
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info = transport.get_extra_info
        self.set_protocol = transport.set_protocol

    def is_closing(self) -> bool:
        """Say whether nothing more will be sent."""
        return self.is_lingering or self._transport.is_closing()


class Connection(HttpToolsProtocol):
    """One client connection."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: ConnectionLimits,
        muffler: Muffler,
        on_response: Callable[[], None],
    ) -> None:
        super().__init__(config, state, {})
        self.logger = muffler  # type: ignore[assignment]  # it has what uvicorn uses of a logger
        self.access_logger = muffler  # type: ignore[assignment]  # as above
        self.access_log = False
        self._muffler = muffler
        self.timeout_keep_alive = limits.keep_alive_timeout_s  # type: ignore[assignment]  # fractions do as well
        self._limits = limits
        self._on_response = on_response
        self._real: asyncio.Transport | None = None
        self._running: RequestResponseCycle | None = None
        self._is_message_open = False
        self._is_head_open = False
        self._is_upgraded = False
        self._head_bytes = 0
        self._drained_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None

    # --- what the loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the first head must come in time."""
        assert isinstance(transport, asyncio.Transport)
        self._real = transport
        super().connection_made(LingeringTransport(transport, self.close_gently))  # type: ignore[arg-type]  # a transport as far as uvicorn uses one
        if len(self.connections) > self._limits.connections_max:
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Parse, or drain while lingering."""
        if self.transport.is_closing():
            self._drain(len(data))
            return
        super().data_received(data)
        if self._is_upgraded or self.transport.is_closing():
            return
        if self._is_head_open:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES_MAX:
                self._refuse_head()
        elif not self._is_message_open and self._running is None:
            # Bytes that begin no request, such as empty lines, do not hold a connection open.
            self._await_head()

    def eof_received(self) -> None:
        """End: whoever stops sending has left."""
        if self._real is not None:
            self._real.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell every request of this connection that its client left."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        for timer in (self._head_timer, self._write_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        self._forget()
        # A request that was left has no response to be noted by; what it held goes the same way.
        self._on_response()

    def pause_writing(self) -> None:
        """Start the clock of a client that does not read."""
        super().pause_writing()
        self._start_write_timer()

    def resume_writing(self) -> None:
        """Stop that clock."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # --- what the parser calls ---

    def on_message_begin(self) -> None:
        """Begin a request; too many of them in advance end the connection."""
        super().on_message_begin()
        if len(self.pipeline) >= _PIPELINED_MAX and self._real is not None:
            self._real.abort()
        self._is_message_open = self._is_head_open = True
        self._head_bytes = 0
        self._await_head()

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._is_head_open = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        # A request line has no fragment; the parser would drop one unseen, with the switch that may be in it.
        self.url = self.url.replace(b"#", b"%23")
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # No such upgrade is offered, and the parser stops here.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Take note that the request was read to its end."""
        self._is_message_open = False
        super().on_message_complete()

    # --- uvicorn's seams ---

    def _should_upgrade_to_ws(self) -> bool:
        """Offer WebSocket for what can be its handshake: a GET of HTTP 1.1, without a body, first in its turn."""
        has_body = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        is_get = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        return is_get and not has_body and self._running is None

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the socket's own protocol; nothing of it stays here."""
        real = self._real
        assert real is not None
        head = [b"GET ", self.url, b" HTTP/1.1\r\n"]
        head += [part for name, value in self.headers for part in (name, b": ", value, b"\r\n")]
        successor = SocketConnection(
            self.config, self.server_state, self._muffler, self._limits.write_timeout_s, self._on_response
        )
        self._is_upgraded = True
        self.connections.discard(self)
        self._forget()
        successor.connection_made(real)
        real.set_protocol(successor)
        successor.data_received(b"".join([*head, b"\r\n"]))

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in the contract's shape."""
        self.transport.write(_NOT_HTTP)
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """After a response: next request, idle, or lingering close."""
        is_newest, self._running = self._running is self.cycle, None
        if is_newest:
            if self._is_message_open and not self._is_head_open:
                self.close_gently()
            self._forget()
        super().on_response_complete()
        self._on_response()

    # --- inner ---

    def close_gently(self) -> None:
        """Close; where the request was not read to its end, let the client see the answer first."""
        real = self._real
        assert real is not None
        if real.is_closing() or self.transport.is_closing():
            return
        self._start_write_timer()
        if not self._is_message_open:
            real.close()
            return
        assert isinstance(self.transport, LingeringTransport)
        self.flow.resume_reading()
        self.transport.is_lingering = True
        if real.can_write_eof():
            real.write_eof()
        self._linger_timer = self.loop.call_later(_LINGER_S, real.close)

    def _drain(self, count: int) -> None:
        self._drained_bytes += count
        if self._drained_bytes > _LINGER_BYTES and self._real is not None:
            self._real.close()

    def _forget(self) -> None:
        """Drop every reference to what was asked, but not to what is being asked next."""
        self.cycle = None  # type: ignore[assignment]  # as before the first request
        if self._is_head_open:
            return
        self.scope = None  # type: ignore[assignment]  # as above
        self.headers = []
        self.url = b""

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.header_timeout_s, self._give_up)

    def _give_up(self) -> None:
        self._head_timer = None
        if self._running is None and self._real is not None:
            self._real.close()

    def _refuse_head(self) -> None:
        assert self._real is not None
        self._real.write(_HEAD_TOO_LARGE)
        self.close_gently()

    def _start_write_timer(self) -> None:
        if self._write_timer is None and self._real is not None:
            self._write_timer = self.loop.call_later(self._limits.write_timeout_s, self._real.abort)
