"""One job of a gateway: what it sends within the window, what it is given, and how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_records import (
    Deliver,
    Delivered,
    FetchEnded,
    RemoteConvert,
    RemoteSpeak,
    RemoteTranscribe,
)
from echoless.crossing.link import Link
from echoless.crossing.media_records import InputCredit, TranscriptEnded
from echoless.crossing.moderation_records import Moderated, RemoteModerate
from echoless.crossing.provider_records import AskProvider, ProviderSaid
from echoless.crossing.records import Record, SpeechEnded

FRAME_BYTES_MAX: Final = 64 * 1024
INPUT_WINDOW_BYTES: Final = 256 * 1024


class Job:
    """The egress side of one exchange.

    window_bytes: how much content may be on its way to the gateway before it has taken any
    """

    def __init__(self, link: Link, correlation: int, ticket: TicketId) -> None:
        self._link = link
        self._correlation = correlation
        self._ticket = ticket
        self._open_bytes = 0
        self._inputs: deque[bytes] = deque()
        self._is_input_ended = False
        self._moved = asyncio.Event()

    # --- what the gateway sends ---

    def open_window(self, count: int) -> None:
        """Take note that so many bytes more may be sent."""
        self._open_bytes += count
        self._moved.set()

    def take_input(self, piece: bytes) -> None:
        """Take content."""
        self._inputs.append(piece)
        self._moved.set()

    def end_input(self) -> None:
        """Take note that no more content comes."""
        self._is_input_ended = True
        self._moved.set()

    # --- what the job does ---

    def post(self, record: Record) -> None:
        """Send a record."""
        self._link.post(record, correlation=self._correlation, ticket=self._ticket)

    async def send(self, kind: int, data: bytes) -> None:
        """Send content as far as the gateway's window is open, and wait for it otherwise.

        raises: EcholessError(CROSSING_BROKEN) when the gateway is gone
        """
        rest = memoryview(data)
        while rest:
            while self._open_bytes <= 0:
                await self._wait()
            piece = rest[: min(self._open_bytes, FRAME_BYTES_MAX)]
            self._open_bytes -= len(piece)
            self._link.post_content(kind, bytes(piece), correlation=self._correlation, ticket=self._ticket)
            await self._link.drain()
            rest = rest[len(piece) :]

    async def inputs(self, *, has_credit: bool = True) -> AsyncIterator[bytes]:
        """Yield what the gateway sends until it ends, and let it send as much more as was taken."""
        while True:
            while self._inputs:
                piece = self._inputs.popleft()
                yield piece
                if has_credit:
                    self.post(InputCredit(len(piece)))
            if self._is_input_ended:
                return
            await self._wait()

    async def _wait(self) -> None:
        self._moved.clear()
        await self._moved.wait()


def ending(asked: Record, error: EcholessError) -> Record:
    """Return the last record of a job that failed."""
    code = error.code.value
    last: Record = FetchEnded(code, error.public_description)
    match asked:
        case RemoteTranscribe():
            last = TranscriptEnded(code, 0, 0, "", 0.0)
        case RemoteSpeak() | RemoteConvert():
            last = SpeechEnded(code, 0, 0)
        case Deliver():
            last = Delivered(0, 0, code)
        case RemoteModerate():
            last = Moderated(code, [])
        case AskProvider():
            last = ProviderSaid(0, error_code=code)
        case SendMail():
            last = MailSent(code, is_final=error.code is ErrorCode.INVALID_PARAMETERS)
    return last
