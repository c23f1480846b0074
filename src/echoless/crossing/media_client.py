"""The gateway's side of its links to media processes: jobs that are given a recording.

A media process does one job at a time, so a job may wait in its queue; nothing of the recording is sent before its
turn. A job that has to wait is offered to the other processes too, and belongs to the first that begins it:
gateways do not see each other's jobs, so the process that seemed free may be busy for an hour. One that dies before
it has begun costs nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Collection
from types import TracebackType
from typing import Final, Protocol, Self

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.client import ClientLeftError
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.link import Link
from echoless.crossing.media_places import MediaOrder, MediaPlace, Turn
from echoless.crossing.media_records import (
    KIND_INPUT_AUDIO,
    MEDIA_RECORDS,
    Convert,
    DocumentPart,
    DocumentsEnded,
    EndInput,
    InputCredit,
    InputKnown,
    JobStarted,
    RenderTranscript,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
)
from echoless.crossing.records import (
    KIND_AUDIO,
    Cancel,
    Credit,
    Record,
    SpeechBegan,
    SpeechEnded,
    core_registry,
)
from echoless.crossing.wire import Frame

MediaPart = (
    AudioContent
    | SpeechBegan
    | SpeechEnded
    | InputKnown
    | TranscriptPart
    | SpeakerNames
    | TranscriptEnded
    | DocumentPart
    | DocumentsEnded
    | JobDiagnosis
)
_PARTS: Final = (SpeechBegan, SpeechEnded, InputKnown, TranscriptPart, SpeakerNames, TranscriptEnded, DocumentPart,
                 DocumentsEnded, JobDiagnosis)  # fmt: skip
_ENDINGS: Final = (SpeechEnded, TranscriptEnded, DocumentsEnded)
INPUT_PIECE_BYTES: Final = 64 * 1024
QUEUED_S_MAX: Final = 600.0
"""How long a job may wait for the one before it."""
FILES_QUEUED_S_MAX: Final = 12 * 3600.0
"""How long a transcript may wait for its files: what was recognised at length is not lost for a long job's sake."""
FILES_LOSSES_MAX: Final = 3
"""How many processes may die while a transcript waits for its files: it may be what they die of."""
SILENT_S_MAX: Final = 300.0
"""How long a process may say nothing while it owes something: the longest window of a slow recogniser, twice."""
PLACE_S_MAX: Final = 10.0
"""How long a job may wait for any process at all."""
_PLACE_LOOK_S: Final = 0.05
OFFER_S: Final = 0.2
"""How long a job waits for its turn before it is offered to the other processes too."""
_JOBS_PER_PROCESS_MAX: Final = 64


def _away() -> EcholessError:
    return EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "The media engine is not available at this moment.")


def _busy() -> EcholessError:
    return EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "All media engines are busy; try again.")


def _jobs_max(order: MediaOrder) -> int:
    """Return how many jobs a process may have with this one: those for files have as much room again."""
    return _JOBS_PER_PROCESS_MAX * (2 if isinstance(order, RenderTranscript) else 1)


class Places(Protocol):
    """Whoever finds a process for a job."""

    def begin(self, ticket: TicketId, order: MediaOrder) -> Turn:
        """Give a job to a process."""
        ...

    def offer(self, ticket: TicketId, order: MediaOrder, turns: Collection[Turn]) -> list[Turn]:
        """Give a job to all processes where it does not wait yet."""
        ...


class MediaJob:
    """(4) One job. A context manager: leaving it before its end cancels it.

    Somebody must always wait in `next`: it is there that credit for the input arrives.
    """

    def __init__(self, pool: Places, ticket: TicketId, order: MediaOrder) -> None:
        self._pool = pool
        self._ticket = ticket
        self._order = order
        # One once the job has begun, before that one for each process that it waits for.
        self._turns: list[Turn] = []
        self._is_offered = False
        self._loss_count = 0
        self._credit_bytes = 0
        self._is_started = False
        self._is_input_ended = False
        self._is_ended = False
        self._is_feeding = False
        self._failure: EcholessError | None = None
        self._moved = asyncio.Event()
        self._last_sign_s = asyncio.get_running_loop().time()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancel()
        self._leave()

    # --- input ---

    async def send_input(self, audio: AudioContent) -> None:
        """Send the next bytes of the recording; waits for the window, and at first for the job's turn.

        After the job's end nothing is sent: whoever sees the end in `next` stops whoever is in here.
        raises: what `abandon` was given, or what `next` raised
        """
        data = memoryview(audio.reveal())
        self._is_feeding = True
        try:
            while data and not self._is_ended:
                await self._window()
                piece = data[: min(self._credit_bytes, INPUT_PIECE_BYTES)]
                self._credit_bytes -= len(piece)
                self._post_input(bytes(piece))
                data = data[len(piece) :]
        finally:
            self._is_feeding = False
        if self._failure is not None:
            raise self._failure

    async def end_input(self) -> None:
        """Say that no more comes; waits for the job's turn.

        raises: as `send_input`
        """
        self._is_feeding = True
        while not self._is_started and not self._is_ended:
            await self._wait()
        self._is_feeding = False
        self._is_input_ended = True
        self._note_sign()
        if not self._is_ended:
            self._post(EndInput())

    # --- output ---

    async def next(self) -> MediaPart:
        """Return the next part; SpeechEnded, TranscriptEnded or DocumentsEnded is the last.

        raises: what `abandon` was given; EcholessError(ENGINE_UNAVAILABLE) when the process died, says nothing for
                too long or talks nonsense, CONCURRENT_LIMIT_EXCEEDED after too long a wait for its turn
        """
        while True:
            frame = await self._frame()
            self._note_sign()
            self._is_started = True
            if frame.header.kind == KIND_AUDIO and frame.header.is_content:
                return AudioContent(frame.payload)
            record = self._turns[0].decoded(frame)
            if isinstance(record, JobStarted):
                self._add_credit(record.window_bytes)
            elif isinstance(record, InputCredit):
                self._add_credit(record.taken_bytes)
            elif isinstance(record, _PARTS):
                if isinstance(record, _ENDINGS):
                    self._is_ended = True
                    self._moved.set()
                return record
            else:
                self.abandon(_away())

    def credit(self, taken_bytes: int) -> None:
        """(5) Tell the process that the client took so many bytes of what was made."""
        if not self._is_ended:
            self._post(Credit(taken_bytes))

    def abandon(self, failure: EcholessError | None = None) -> None:
        """Give the job up: stop the process now, wake whoever waits in here with this error.

        failure: by default that the client left
        """
        self._failure = self._failure or failure or ClientLeftError()
        self._cancel()
        self._moved.set()
        for turn in self._turns:
            turn.exchange.fail()

    # --- inner ---

    def _begin(self) -> None:
        """Go to a process, or nowhere while there is none.

        raises: EcholessError(CONCURRENT_LIMIT_EXCEEDED) when all are full
        """
        try:
            self._turns = [self._pool.begin(self._ticket, self._order)]
            self._is_offered = False
        except EcholessError as error:
            if error.code is not ErrorCode.ENGINE_UNAVAILABLE:
                raise

    async def _await_place(self) -> None:
        """Wait for a process that takes the job: of one that died the successor comes soon.

        A client that was told to come again may not be able to: one of the usual ones loses the fields of a form.
        """
        self._moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PLACE_LOOK_S):
                await self._moved.wait()
        if self._failure is None:
            self._try_place()

    def _try_place(self) -> None:
        try:
            self._begin()
        except EcholessError as error:
            self.abandon(error)
        if not self._turns and asyncio.get_running_loop().time() >= self._last_sign_s + PLACE_S_MAX:
            self.abandon(_away())

    async def _frame(self) -> Frame:
        """Return the next frame, from another process where this one died before the job's turn.

        raises: what the job was given up for
        """
        while self._failure is None:
            if not self._turns:
                await self._await_place()
                continue
            turn = self._turns[0]
            try:
                async with asyncio.timeout_at(self._deadline_s):
                    turn = turn if len(self._turns) == 1 else await self._first_turn()
                    frame = await turn.exchange.receive()
            except TimeoutError:
                self._note_overdue()
            except EcholessError:
                self._note_lost(turn)
            else:
                if self._is_taken(turn, frame):
                    return frame
        raise self._failure

    async def _first_turn(self) -> Turn:
        """Return the turn of whoever says something first, of several."""
        waits = {asyncio.create_task(turn.exchange.wait()): turn for turn in self._turns}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return next(turn for wait, turn in waits.items() if wait.done())
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)

    def _is_taken(self, turn: Turn, frame: Frame) -> bool:
        """Give a job that one process begins to it alone. One that refuses it leaves it to the others."""
        if self._failure is not None:
            return False
        others = [other for other in self._turns if other is not turn]
        if others and bool(getattr(turn.decoded(frame), "error_code", "")):
            turn.leave()
            self._turns = others
            return False
        for other in others:
            other.post(Cancel())
            other.leave()
        self._turns = [turn]
        return True

    @property
    def _deadline_s(self) -> float:
        """When to look whether somebody is late: on the loop's clock."""
        if not self._is_started and not self._is_offered:
            return self._last_sign_s + OFFER_S
        if self._is_started:
            return self._last_sign_s + SILENT_S_MAX
        return self._last_sign_s + (FILES_QUEUED_S_MAX if self._is_for_files else QUEUED_S_MAX)

    @property
    def _is_for_files(self) -> bool:
        return isinstance(self._order, RenderTranscript)

    @property
    def _is_owed(self) -> bool:
        """Whether it is the process's turn: it has all of the input, or a full window of it."""
        return self._is_input_ended or self._is_feeding or self._is_for_files

    def _note_overdue(self) -> None:
        """Take note that nothing came for long; only one who owes something is late."""
        now_s = asyncio.get_running_loop().time()
        if not self._is_started and not self._is_offered:
            self._is_offered = True
            self._turns += self._pool.offer(self._ticket, self._order, self._turns)
        elif self._is_started and not self._is_owed:
            self._last_sign_s = now_s
        elif now_s >= self._deadline_s:
            self.abandon(_away() if self._is_started else _busy())

    def _note_lost(self, turn: Turn) -> None:
        """Take note that a process died: go on waiting for others, or begin anew elsewhere, unless it had begun."""
        if self._failure is not None:
            return
        self._loss_count += 1
        # Files are made without a word before the first of them, so a job for files may have begun unseen.
        is_suspect = self._is_for_files and self._loss_count >= FILES_LOSSES_MAX
        if self._is_started or self._is_ended or is_suspect:
            self.abandon(_away())
            return
        turn.leave()
        self._turns.remove(turn)
        if not self._turns:
            self._note_sign()
            self._try_place()

    async def _window(self) -> None:
        while not self._credit_bytes and not self._is_ended:
            await self._wait()

    async def _wait(self) -> None:
        """Wait until something has changed."""
        if self._failure is None:
            self._moved.clear()
            await self._moved.wait()
        if self._failure is not None:
            raise self._failure

    def _add_credit(self, count: int) -> None:
        self._credit_bytes += count
        self._moved.set()

    def _post_input(self, piece: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        if piece and self._turns and not self._turns[0].place.link.is_closed:
            self._note_sign()
            self._turns[0].exchange.post_content(KIND_INPUT_AUDIO, piece)

    def _note_sign(self) -> None:
        self._last_sign_s = asyncio.get_running_loop().time()

    def _cancel(self) -> None:
        if not self._is_ended:
            self._post(Cancel())
        self._is_ended = True

    def _post(self, record: Record) -> None:
        """Send a record to whoever has the job, or has it in a queue."""
        for turn in self._turns:
            turn.post(record)

    def _leave(self) -> None:
        for turn in self._turns:
            turn.leave()
        self._turns = []


class MediaPool:
    """The media processes of this gateway."""

    def __init__(self) -> None:
        self._registry = core_registry(MEDIA_RECORDS, DIAGNOSIS_RECORDS)
        self._places: list[MediaPlace] = []

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
        self._places.insert(random.randint(0, len(self._places)), MediaPlace(link, name))  # noqa: S311  # no secret
        for place in before:
            place.retire()

    def convert(self, ticket: TicketId, order: Convert) -> MediaJob:
        """Give a recording to be said by another voice to the process with the fewest jobs of ours.

        raises: EcholessError(CONCURRENT_LIMIT_EXCEEDED) when all are full; while none lives, the job waits a little
        """
        return MediaJob(self, ticket, order)

    def transcribe(self, ticket: TicketId, order: Transcribe) -> MediaJob:
        """Give a recording to be written down.

        raises: as `convert`
        """
        return MediaJob(self, ticket, order)

    def render(self, ticket: TicketId, order: RenderTranscript) -> MediaJob:
        """Give a transcript to be made into files; it takes no input.

        raises: as `convert`
        """
        return MediaJob(self, ticket, order)

    def begin(self, ticket: TicketId, order: MediaOrder) -> Turn:
        """Give a job to the process with the fewest jobs of ours.

        raises: EcholessError(ENGINE_UNAVAILABLE) when none lives, CONCURRENT_LIMIT_EXCEEDED when all are full
        """
        if not self._places:
            raise _away()
        place = min(self._places, key=lambda place: place.job_count)
        if place.job_count >= _jobs_max(order):
            raise _busy()
        # Of several idle ones the one that waited longest goes next.
        self._places.remove(place)
        self._places.append(place)
        return place.queue(ticket, order)

    def offer(self, ticket: TicketId, order: MediaOrder, turns: Collection[Turn]) -> list[Turn]:
        """Give a job to all processes where it does not wait yet, but those that are full."""
        known = {id(turn.place) for turn in turns}
        free = [place for place in self._places if id(place) not in known]
        return [place.queue(ticket, order) for place in free if place.job_count < _jobs_max(order)]

    def close(self) -> None:
        """Close all links."""
        for place in self._places:
            place.link.close()

    def _forget(self, link: Link) -> None:
        self._places = [place for place in self._places if place.link is not link]
