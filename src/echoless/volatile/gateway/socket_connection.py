"""One WebSocket: uvicorn's protocol with bounds, a deadline for clients that do not read, and a clean forgetting.

No compression: its windows keep what was said. No message is held once it has been handed on, and nothing of the
handshake after it has been answered.
source: RFC 6455; uvicorn's websockets-sansio protocol
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from echoless.volatile.gateway.muffler import Muffler

MESSAGE_BYTES_MAX: Final = 1024 * 1024
ON_REST: Final = "on_rest"
"""Where an app finds, in its scope's state, what to call when a part of a socket's work is done."""
_CLOSE_S: Final = 5.0
_DRAIN_BYTES: Final = 16 * 1024 * 1024
_DRAIN_S: Final = 2.0


class SocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket.

    write_timeout_s: how long a client may read nothing while something waits for it
    on_rest:         called when the connection has ended, and by the app: what is left behind can be collected
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        muffler: Muffler,
        write_timeout_s: float,
        on_rest: Callable[[], None],
    ) -> None:
        super().__init__(config, state, {ON_REST: on_rest})
        self.logger = muffler  # type: ignore[assignment]  # it has what uvicorn uses of a logger
        self.conn.logger = muffler  # type: ignore[assignment]  # and what websockets uses
        self.close_timeout = _CLOSE_S
        self._write_timeout_s = write_timeout_s
        self._on_rest = on_rest
        self._write_timer: asyncio.TimerHandle | None = None
        self._drain_timer: asyncio.TimerHandle | None = None
        self._drained_bytes = 0

    # --- what the loop calls ---

    def data_received(self, data: bytes) -> None:
        """Parse, or drain after a message that broke the protocol."""
        if self._drain_timer is not None:
            self._drained_bytes += len(data)
            if self._drained_bytes > _DRAIN_BYTES:
                self.transport.close()
            return
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the app that its client left, and forget."""
        super().connection_lost(exc)
        for timer in (self._write_timer, self._drain_timer):
            if timer is not None:
                timer.cancel()
        self.frames = []
        self._forget_handshake()
        self._on_rest()

    def eof_received(self) -> None:
        """End: whoever stops sending has left."""
        self.transport.close()

    def pause_writing(self) -> None:
        """Start the clock of a client that does not read."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self._write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that clock."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # --- uvicorn's seams ---

    def handle_text(self, event: Frame) -> None:
        """Hand a message on; the parser keeps its newest frame, so that one is emptied."""
        super().handle_text(event)
        event.data = b""

    def handle_bytes(self, event: Frame) -> None:
        """As for text."""
        super().handle_bytes(event)
        event.data = b""

    def handle_cont(self, event: Frame) -> None:
        """As for text; what came so far waits for its end."""
        super().handle_cont(event)
        event.data = b""

    def handle_parser_exception(self) -> None:
        """Say why, and drain for a moment: a reset would take the answer away from the client."""
        assert self.conn.close_sent is not None, "websockets has written the close already"
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.frames = []
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._drain_timer = self.close_timer = self.loop.call_later(_DRAIN_S, self.transport.close)

    async def send(self, message: Any) -> None:
        """Send one message of the app; see ASGI."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self._forget_handshake()
            # Its parts point at each other; a socket may be idle for long before it does anything else.
            self._on_rest()

    def _forget_handshake(self) -> None:
        """Drop line, headers and query: credentials came in them."""
        if self.request is not None:
            # The parser is a generator that has the request in its frame for as long as the socket lives.
            self.request.path = ""
            self.request.headers.clear()
        self.request = self.response = None  # type: ignore[assignment]  # as before the handshake
        self.scope = {"type": "websocket"}  # type: ignore[typeddict-item]  # nobody asks for more
