"""The gateway's side of its links to processes that listen to live audio.

Audio is sent as it comes and credited as it is heard. What has not been credited yet waits in the engine: whoever
sends sees how much that is, and stops before it is too much.
"""

from __future__ import annotations

import asyncio
import random
import socket
from types import TracebackType
from typing import Final, Self

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.link import Exchange, Link
from echoless.crossing.live_records import (
    LIVE_RECORDS,
    Commit,
    CommitRefused,
    CommittedText,
    Listen,
    ListeningEnded,
    PartialText,
)
from echoless.crossing.media_records import KIND_INPUT_AUDIO, MEDIA_RECORDS, EndInput, InputCredit
from echoless.crossing.records import Cancel, Record, core_registry
from echoless.crossing.wire import Frame

LivePart = PartialText | CommittedText | CommitRefused | ListeningEnded | JobDiagnosis
_PARTS: Final = (PartialText, CommittedText, CommitRefused, ListeningEnded, JobDiagnosis)
_PIECE_BYTES: Final = 64 * 1024
_SILENT_S_MAX: Final = 60.0
_SESSIONS_PER_PROCESS_MAX: Final = 256
PLACE_S_MAX: Final = 10.0
"""How long a session may wait for any process at all."""


def _away() -> EcholessError:
    return EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "The recogniser is not available at this moment.")


class LivePlace:
    """One process as this gateway sees it."""

    __slots__ = ("_is_retiring", "link", "name", "session_count")

    def __init__(self, link: Link, name: str) -> None:
        self.link = link
        self.name = name
        self.session_count = 0
        self._is_retiring = False

    def session_ended(self) -> None:
        """Count a session that ended; the last one of a process that retires closes its link."""
        self.session_count -= 1
        self._close_when_done()

    def retire(self) -> None:
        """Take no new sessions; the process ends once all its links are closed."""
        self._is_retiring = True
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._is_retiring and self.session_count == 0:
            self.link.close()


class Listening:
    """(4) One session. A context manager: leaving it before its end cancels it.

    waiting_bytes: audio that was sent and has not been heard yet
    """

    def __init__(self, place: LivePlace, exchange: Exchange, order: Listen) -> None:
        self._place = place
        self._exchange = exchange
        self._is_ended = False
        self._is_owed = False
        self.waiting_bytes = 0
        exchange.post(order)

    def __enter__(self) -> Self:
        self._place.session_count += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_ended and not self._place.link.is_closed:
            self._exchange.post(Cancel())
        self._is_ended = True
        self._exchange.__exit__(kind, error, trace)
        self._place.session_ended()

    def add_audio(self, audio: AudioContent) -> None:
        """Send the next audio.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the process is gone
        """
        self._check()
        data = audio.reveal()
        self.waiting_bytes += len(data)
        for start in range(0, len(data), _PIECE_BYTES):
            self._exchange.post_content(KIND_INPUT_AUDIO, data[start : start + _PIECE_BYTES])

    def commit(self) -> None:
        """Ask for the open segment to be closed; answered by CommittedText or CommitRefused.

        raises: as `add_audio`
        """
        self._tell(Commit())

    def end_input(self) -> None:
        """Say that no more audio comes; answered by what is left and ListeningEnded.

        raises: as `add_audio`
        """
        self._tell(EndInput())

    async def next(self) -> LivePart:
        """Return the next part; ListeningEnded is the last. Credit arrives here, so somebody must always wait.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the process died, says nothing for a minute while it owes
                something, or talks nonsense
        """
        while True:
            part = self._decoded(await self._frame())
            self._is_owed = False
            if isinstance(part, InputCredit):
                self.waiting_bytes = max(0, self.waiting_bytes - part.taken_bytes)
            elif isinstance(part, _PARTS):
                self._is_ended = isinstance(part, ListeningEnded)
                return part
            else:
                raise _away()

    # --- inner ---

    async def _frame(self) -> Frame:
        while True:
            was_owed = self._is_owed or self.waiting_bytes > 0
            try:
                async with asyncio.timeout(_SILENT_S_MAX):
                    return await self._exchange.receive()
            except TimeoutError:
                is_late = was_owed
            except EcholessError:
                is_late = True
            if is_late:
                raise _away()

    def _decoded(self, frame: Frame) -> Record | None:
        try:
            return self._place.link.registry.decode(frame)
        except EcholessError:
            return None

    def _tell(self, record: Record) -> None:
        self._check()
        self._is_owed = True
        self._exchange.post(record)

    def _check(self) -> None:
        if self._is_ended or self._place.link.is_closed:
            raise _away()


class LivePool:
    """The processes of this gateway that listen to live audio."""

    def __init__(self) -> None:
        self._registry = core_registry(LIVE_RECORDS, MEDIA_RECORDS, DIAGNOSIS_RECORDS)
        self._places: list[LivePlace] = []
        self._arrived = asyncio.Event()

    @property
    def process_count(self) -> int:
        """Processes that live."""
        return len(self._places)

    async def add_link(self, end: socket.socket, name: str) -> None:
        """Take one more process, or the successor of the one that has had this name so far."""
        link = await Link.open(end, self._registry, on_closed=self._forget)
        before = [place for place in self._places if place.name == name]
        self._places = [place for place in self._places if place.name != name]
        # Gateways start with different processes, so that two idle gateways do not choose the same one.
        self._places.insert(random.randint(0, len(self._places)), LivePlace(link, name))  # noqa: S311  # no secret
        for place in before:
            place.retire()
        self._arrived.set()

    async def wait(self) -> None:
        """Wait until some process lives: of one that died the successor comes soon.

        raises: EcholessError(ENGINE_UNAVAILABLE) when none has come for some seconds
        """
        try:
            async with asyncio.timeout(PLACE_S_MAX):
                while not self._places:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            is_late = True
        else:
            is_late = False
        if is_late:
            raise _away()

    def listen(self, ticket: TicketId, order: Listen) -> Listening:
        """Begin a session with the process that has the fewest of ours; it stays there.

        raises: EcholessError(ENGINE_UNAVAILABLE) when none lives, CONCURRENT_LIMIT_EXCEEDED when all are full
        """
        if not self._places:
            raise _away()
        place = min(self._places, key=lambda place: place.session_count)
        if place.session_count >= _SESSIONS_PER_PROCESS_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "All recognisers are busy; try again.")
        # Of several idle ones the one that waited longest goes next.
        self._places.remove(place)
        self._places.append(place)
        return Listening(place, place.link.exchange(ticket), order)

    def close(self) -> None:
        """Close all links."""
        for place in self._places:
            place.link.close()

    def _forget(self, link: Link) -> None:
        self._places = [place for place in self._places if place.link is not link]
