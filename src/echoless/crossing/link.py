"""A link over an inherited socket, for processes with an asyncio loop.

The side that asks numbers its exchanges; every answer carries that number back. A link whose peer is gone fails
all its exchanges at once, so nobody waits for the dead. What was received is overwritten in the link's own buffer
as it is handed out.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import Frame, FrameReader, encode_frame

FrameHandler = Callable[["Link", Frame], None]
ClosedHandler = Callable[["Link"], None]
_WRITE_HIGH_BYTES: Final = 512 * 1024


def _broken() -> EcholessError:
    return EcholessError(ErrorCode.CROSSING_BROKEN, "the other process is gone")


class Link(asyncio.BufferedProtocol):
    """One end of a socketpair.

    registry:   which records may arrive
    on_frame:   called for each frame that belongs to no open exchange: questions, on the answering side
    on_closed:  called once when the peer is gone
    """

    def __init__(
        self,
        registry: RecordRegistry,
        *,
        on_frame: FrameHandler | None = None,
        on_closed: ClosedHandler | None = None,
    ) -> None:
        self.registry = registry
        self._on_frame = on_frame
        self._on_closed = on_closed
        self._reader = FrameReader()
        self._exchanges: dict[int, Exchange] = {}
        self._last_correlation = 0
        self._transport: asyncio.Transport | None = None
        self._drained: asyncio.Future[None] | None = None
        self.is_closed = False

    @classmethod
    async def open(
        cls,
        end: socket.socket,
        registry: RecordRegistry,
        *,
        on_frame: FrameHandler | None = None,
        on_closed: ClosedHandler | None = None,
    ) -> Self:
        """Take over one end of a socketpair."""
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(
            lambda: cls(registry, on_frame=on_frame, on_closed=on_closed), sock=end
        )
        return link

    # --- what a user of a link calls ---

    def exchange(self, ticket: TicketId = NO_TICKET) -> Exchange:
        """Begin an exchange. Use it as a context manager: leaving forgets late answers."""
        if self.is_closed:
            raise _broken()
        self._last_correlation = self._last_correlation % (2**32 - 1) + 1
        exchange = Exchange(self, self._last_correlation, ticket)
        self._exchanges[exchange.correlation] = exchange
        return exchange

    async def call(self, record: Record, ticket: TicketId = NO_TICKET) -> Record:
        """Send a question and return its one answer.

        raises: EcholessError(CROSSING_BROKEN) when the peer is gone or answers nonsense
        """
        with self.exchange(ticket) as exchange:
            exchange.post(record)
            return self.registry.decode(await exchange.receive())

    def post(self, record: Record, *, correlation: int = 0, ticket: TicketId = NO_TICKET) -> None:
        """Send a record without waiting."""
        self._write(self.registry.encode(record, correlation=correlation, ticket=ticket))

    def post_content(
        self, kind: int, payload: bytes, *, correlation: int = 0, ticket: TicketId = NO_TICKET
    ) -> None:
        """Send raw content without waiting."""
        self._write(encode_frame(kind, payload, is_content=True, correlation=correlation, ticket=ticket))

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was sent."""
        if self.is_closed:
            raise _broken()
        if self._drained is not None:
            await asyncio.shield(self._drained)

    def close(self) -> None:
        """Close this end."""
        if self._transport is not None:
            self._transport.close()

    def pause_reading(self) -> None:
        """Stop taking frames; the peer's writes will wait."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take frames again."""
        if self._transport is not None and not self.is_closed and not self._transport.is_reading():
            self._transport.resume_reading()

    # --- what the loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=_WRITE_HIGH_BYTES)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Hand out the free part of our own buffer."""
        return self._reader.writable()

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on whole frames; a broken peer is cut off."""
        try:
            for frame in self._reader.advance(nbytes):
                self._receive(frame)
        except EcholessError:
            self.abort()

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail every open exchange."""
        self.is_closed = True
        self.resume_writing()
        for exchange in tuple(self._exchanges.values()):
            exchange.fail()
        self._exchanges.clear()
        if self._on_closed is not None:
            self._on_closed(self)

    def abort(self) -> None:
        """Cut the link without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    # --- inner ---

    def forget(self, correlation: int) -> None:
        """Drop an exchange; frames that still come for it go nowhere."""
        self._exchanges.pop(correlation, None)

    def _receive(self, frame: Frame) -> None:
        exchange = self._exchanges.get(frame.header.correlation)
        if exchange is not None:
            exchange.deliver(frame)
        elif self._on_frame is not None:
            self._on_frame(self, frame)
        # Else: a late answer to an exchange that was left. Its bytes die here.

    def _write(self, data: bytes) -> None:
        if self.is_closed or self._transport is None:
            raise _broken()
        self._transport.write(data)


class Exchange:
    """A question and its answers, tied by one number."""

    __slots__ = ("_frames", "_is_broken", "_link", "_waiter", "correlation", "ticket")

    def __init__(self, link: Link, correlation: int, ticket: TicketId) -> None:
        self._link = link
        self.correlation = correlation
        self.ticket = ticket
        self._frames: deque[Frame] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.forget(self.correlation)
        self._frames.clear()

    def post(self, record: Record) -> None:
        """Send a record of this exchange."""
        self._link.post(record, correlation=self.correlation, ticket=self.ticket)

    def post_content(self, kind: int, payload: bytes) -> None:
        """Send raw content of this exchange."""
        self._link.post_content(kind, payload, correlation=self.correlation, ticket=self.ticket)

    async def receive(self) -> Frame:
        """Return the next frame of this exchange.

        raises: EcholessError(CROSSING_BROKEN) when the peer is gone; frames that arrived before are given first
        """
        await self.wait()
        if not self._frames:
            raise _broken()
        return self._frames.popleft()

    async def wait(self) -> None:
        """Wait until `receive` would not."""
        while not self._frames and not self._is_broken:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def deliver(self, frame: Frame) -> None:
        """Take a frame; what may be on its way is bounded by the windows that the records state."""
        self._frames.append(frame)
        self._wake()

    def fail(self) -> None:
        """Take note that nothing more will come."""
        self._is_broken = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
