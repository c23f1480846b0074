"""A load generator: closed-loop clients in one thread, cheap enough that what it measures is the server.

A connection takes one job at a time and reports when its first and its last byte came. HTTP and the bare engine's
pipe share everything but their framing, so the generator's own cost is the same on both sides of a comparison.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode

_RECEIVE_BYTES: Final = 256 * 1024
_STALL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Timing:
    """One job: seconds from its sending to its first and its last byte of audio, and how much came."""

    job_index: int
    first_byte_s: float
    last_byte_s: float
    audio_bytes: int


class Framing(Protocol):
    """Knows how a job is written and where its answer ends."""

    def request(self, job_index: int) -> bytes:
        """Return the bytes to send for a job, and make ready for its answer."""
        ...

    def feed(self, data: memoryview) -> tuple[int, bool]:
        """Take received bytes.

        returns: how many of them were audio, and whether the answer is now complete
        raises:  EcholessError(CROSSING_BROKEN) for an answer that is not a success
        """
        ...


@dataclass(slots=True)
class LoadClient:
    """One connection with its framing."""

    end: socket.socket
    framing: Framing
    job_index: int = 0
    sent_s: float = 0.0
    first_s: float = 0.0
    audio_bytes: int = 0

    def begin(self, job_index: int) -> None:
        """Send a job; requests are small enough to go out at once."""
        data = self.framing.request(job_index)
        self.job_index, self.first_s, self.audio_bytes = job_index, 0.0, 0
        self.sent_s = time.perf_counter()
        self.end.setblocking(True)
        self.end.sendall(data)
        self.end.setblocking(False)

    def receive(self, buffer: memoryview) -> Timing | None:
        """Take what came; return the timing when the answer is complete.

        raises: EcholessError(CROSSING_BROKEN) when the connection ended within an answer
        """
        count = self.end.recv_into(buffer)
        if count == 0:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "a connection ended within an answer")
        audio_bytes, is_complete = self.framing.feed(buffer[:count])
        if audio_bytes and not self.audio_bytes:
            self.first_s = time.perf_counter()
        self.audio_bytes += audio_bytes
        if not is_complete:
            return None
        now_s = time.perf_counter()
        return Timing(self.job_index, self.first_s - self.sent_s, now_s - self.sent_s, self.audio_bytes)


def run_closed_loop(clients: Sequence[LoadClient], job_indexes: Sequence[int]) -> tuple[list[Timing], float]:
    """Work through some jobs, each client taking the next one as soon as it is free.

    returns: the timings in order of completion, and the seconds that all took together
    raises:  EcholessError(REQUEST_TIMEOUT) when nothing comes for a minute
    """
    buffer = memoryview(bytearray(_RECEIVE_BYTES))
    waiting = iter(job_indexes)
    timings: list[Timing] = []
    busy = 0
    began_s = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.end, selectors.EVENT_READ, client)
            busy += _begin_next(client, waiting)
        while busy:
            events = selector.select(_STALL_S)
            if not events:
                raise EcholessError(ErrorCode.REQUEST_TIMEOUT, f"{busy} answers do not come")
            for key, _ in events:
                timing = key.data.receive(buffer)
                if timing is not None:
                    timings.append(timing)
                    busy += _begin_next(key.data, waiting) - 1
    return timings, time.perf_counter() - began_s


def _begin_next(client: LoadClient, waiting: Iterator[int]) -> int:
    """Give a client the next job; returns how many clients became busy by it."""
    job_index = next(waiting, None)
    if job_index is None:
        return 0
    client.begin(job_index)
    return 1
