"""The engine side of a link to a gateway: one non-blocking socket, frames in, bytes out, no asyncio loop."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Final

from echoless.crossing.wire import Frame, FrameReader

# Above this the jobs of the link rest until the gateway has read.
QUEUED_BYTES_MAX: Final = 512 * 1024
# In one call; the kernel takes up to 1,024.
_PIECES_MAX: Final = 16


class GatewayLink:
    """One link. It queues what the socket does not take; senders ask `has_room` first."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._socket = end
        self._reader = FrameReader()
        self._queue: deque[memoryview] = deque()
        self._queued_bytes = 0
        self.is_closed = False

    def fileno(self) -> int:
        """Return the descriptor, for selectors."""
        return self._socket.fileno()

    @property
    def has_room(self) -> bool:
        """Whether more may be sent."""
        return not self.is_closed and self._queued_bytes < QUEUED_BYTES_MAX

    @property
    def is_waiting(self) -> bool:
        """Whether the socket has not taken everything."""
        return bool(self._queue)

    def send(self, data: bytes) -> None:
        """Send bytes now or as soon as the socket takes them. A link that is gone takes everything and drops it."""
        self.queue(data)
        self.flush()

    def queue(self, data: bytes) -> None:
        """Send bytes together with the next ones: one call of the kernel, and the reader wakes once."""
        if not self.is_closed:
            self._queue.append(memoryview(data))
            self._queued_bytes += len(data)

    def flush(self) -> None:
        """Give the socket what it takes."""
        while self._queue:
            sent = self._write(list(islice(self._queue, _PIECES_MAX)))
            if not sent:
                return
            self._queued_bytes -= sent
            while sent:
                first = self._queue.popleft()
                if sent < len(first):
                    self._queue.appendleft(first[sent:])
                sent -= min(sent, len(first))

    def received(self) -> Iterator[Frame]:
        """Read once and yield the frames that are whole; `is_closed` is true after end of file.

        raises: EcholessError(CROSSING_BROKEN) for what is no frame
        """
        try:
            count = self._socket.recv_into(self._reader.writable())
        except BlockingIOError:
            return
        except ConnectionResetError:
            count = 0
        if count == 0:
            self.close()
            return
        yield from self._reader.advance(count)

    def close(self) -> None:
        """Close the socket and drop what waits."""
        self.is_closed = True
        self._queue.clear()
        self._queued_bytes = 0
        self._socket.close()

    def _write(self, pieces: list[memoryview]) -> int:
        """Return how many bytes the socket took; a peer that is gone is noted by the next read."""
        try:
            return self._socket.sendmsg(pieces)
        except BlockingIOError:
            return 0
        except (BrokenPipeError, ConnectionResetError):
            return sum(map(len, pieces))
