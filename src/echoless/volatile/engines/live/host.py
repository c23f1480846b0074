"""The live process's loop: one thread, many sessions in small steps, each in its turn. (4)

What a session's reader does not take makes that session rest. A session that fails ends alone; one that cannot
begin is answered by its ending at once.
"""

from __future__ import annotations

import selectors
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from echoless.confinement.stack import StackWiper
from echoless.core.clock import Clock
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, Journal, where
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.live_records import LIVE_RECORDS, Commit, Listen, ListeningEnded
from echoless.crossing.media_records import KIND_INPUT_AUDIO, EndInput, InputCredit
from echoless.crossing.records import Cancel, Record, core_registry
from echoless.crossing.wire import Frame
from echoless.volatile.engines.live.listening import Listening, ListeningParts

LISTENING_RECORDS: Final[tuple[type[Record], ...]] = (*LIVE_RECORDS, EndInput, InputCredit)


class HasFileno(Protocol):
    """Anything with a descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


@dataclass(eq=False, slots=True)
class _Seat:
    """A session with its place in the loop."""

    link: GatewayLink
    correlation: int
    ticket: TicketId
    listening: Listening | None = None
    is_queued: bool = False


class LiveHost:
    """Serves sessions from links until it is stopped, or until it has retired and every gateway has left.

    on_idle: called after the last session has ended
    prepare: does a little of what later sessions need and says whether it did; called while no step is due
    """

    def __init__(
        self,
        parts: ListeningParts,
        *,
        journal: Journal,
        clock: Clock,
        on_idle: Callable[[], None] | None = None,
        prepare: Callable[[], bool] | None = None,
    ) -> None:
        self._parts = parts
        self._journal = journal
        self._clock = clock
        self._on_idle = on_idle
        self._prepare = prepare
        self._registry = core_registry(LISTENING_RECORDS)
        self._selector = selectors.DefaultSelector()
        self._seats: dict[tuple[int, int], _Seat] = {}
        self._turns: deque[_Seat] = deque()
        self._stack = StackWiper()
        self._stops_at_s: float | None = None
        self._link_count = 0
        self._is_retiring = False

    # --- for whoever wires ---

    def add_link(self, end: socket.socket) -> None:
        """Serve one end of a socketpair; the other is a gateway's."""
        link = GatewayLink(end)
        self._link_count += 1
        self._selector.register(link, selectors.EVENT_READ, lambda mask: self._serve(link, mask))

    def add_watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        """Call back whenever a descriptor can be read."""
        self._selector.register(source, selectors.EVENT_READ, lambda _mask: callback())

    def run(self) -> None:
        """Serve until `stop`, or until the last link is gone after `retire`."""
        while not self._is_over():
            patience_s = self._patience_s()
            if patience_s != 0.0 and self._prepare is not None and self._prepare():
                patience_s = 0.0
            self.turn(patience_s)

    def turn(self, timeout_s: float | None) -> None:
        """Take what has arrived and do one step of one session.

        timeout_s: how long to wait where there is no step to do; None for as long as it takes
        """
        for key, mask in self._selector.select(timeout_s):
            key.data(mask)
        while self._turns:
            seat = self._turns.popleft()
            seat.is_queued = False
            if seat.listening is not None:
                self._step(seat, seat.listening)
                return

    def stop(self, deadline_s: float) -> None:
        """Take no new session, go on with the open ones until the deadline, then let `run` return."""
        self._stops_at_s = self._clock.monotonic_s() + deadline_s

    def retire(self) -> None:
        """Let `run` return once every gateway has closed its link: they do when a successor is there."""
        self._is_retiring = True

    def close(self) -> None:
        """End every session and close every link."""
        for seat in tuple(self._seats.values()):
            self._leave(seat)
        for key in tuple(self._selector.get_map().values()):
            if isinstance(key.fileobj, GatewayLink):
                key.fileobj.close()
        self._selector.close()

    # --- what arrives ---

    def _serve(self, link: GatewayLink, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            link.flush()
            for seat in [seat for seat in self._seats.values() if seat.link is link]:
                self._enqueue(seat)
        if mask & selectors.EVENT_READ:
            self._read(link)
        self._watch_writes(link)

    def _read(self, link: GatewayLink) -> None:
        try:
            for frame in link.received():
                self._receive(link, frame)
        except EcholessError as error:
            self._journal.say(Event.FRAME_REFUSED, code=error.code)
            link.close()
        if link.is_closed:
            self._selector.unregister(link)
            self._link_count -= 1
            for seat in [seat for seat in self._seats.values() if seat.link is link]:
                self._leave(seat)

    def _receive(self, link: GatewayLink, frame: Frame) -> None:
        seat = self._seats.get((id(link), frame.header.correlation))
        if frame.header.kind == KIND_INPUT_AUDIO and frame.header.is_content:
            self._add(seat, AudioContent(frame.payload))
            return
        record = self._registry.decode(frame)
        match record:
            case Listen():
                self._admit(link, frame, record)
            case Commit() | EndInput():
                self._add(seat, record)
            case Cancel():
                if seat is not None:
                    self._leave(seat)
            case _:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {record.KIND} is not for a live process")

    def _add(self, seat: _Seat | None, item: AudioContent | Commit | EndInput) -> None:
        # A session may have ended while the frame was on its way.
        if seat is not None and seat.listening is not None:
            seat.listening.add(item)
            self._enqueue(seat)

    def _admit(self, link: GatewayLink, frame: Frame, order: Listen) -> None:
        key = (id(link), frame.header.correlation)
        if key in self._seats:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "two sessions with one number")
        seat = _Seat(link, frame.header.correlation, frame.header.ticket)
        refusal: ErrorCode | None = ErrorCode.ENGINE_UNAVAILABLE if self._stops_at_s is not None else None
        if refusal is None:
            try:
                seat.listening = Listening(order, self._parts, lambda record: self._post(seat, record))
            except EcholessError as error:
                refusal = error.code
        if refusal is not None:
            self._post(seat, ListeningEnded(refusal.value, 0))
            link.flush()
        else:
            self._seats[key] = seat

    # --- turns ---

    def _enqueue(self, seat: _Seat) -> None:
        """Give a session a turn where it has something to do and its reader takes what it says."""
        listening = seat.listening
        if listening is not None and listening.has_work and seat.link.has_room and not seat.is_queued:
            seat.is_queued = True
            self._turns.append(seat)

    def _step(self, seat: _Seat, listening: Listening) -> None:
        """Do one step. What it leaves on the stack lies below this frame and is wiped when the session rests."""
        code: ErrorCode | None = None
        try:
            listening.step()
        except EcholessError as error:
            code = error.code
        except Exception as error:  # one session's failure is one session's
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            code = ErrorCode.INTERNAL_ERROR
        if code is not None:
            self._post(seat, listening.ending(code.value))
        seat.link.flush()
        if code is not None or listening.is_done:
            self._leave(seat)
        else:
            self._enqueue(seat)
            if not seat.is_queued:
                self._stack.wipe()
        self._watch_writes(seat.link)

    def _post(self, seat: _Seat, record: Record) -> None:
        seat.link.queue(self._registry.encode(record, correlation=seat.correlation, ticket=seat.ticket))

    def _leave(self, seat: _Seat) -> None:
        """Release everything that a session held."""
        self._seats.pop((id(seat.link), seat.correlation), None)
        listening, seat.listening = seat.listening, None
        if listening is not None:
            listening.close()
        self._stack.wipe()
        if not self._seats and self._on_idle is not None:
            self._on_idle()

    # --- waiting ---

    def _watch_writes(self, link: GatewayLink) -> None:
        if link.is_closed:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.is_waiting else 0)
        key = self._selector.get_key(link)
        if key.events != wanted:
            self._selector.modify(link, wanted, key.data)

    def _patience_s(self) -> float | None:
        if self._turns:
            return 0.0
        if self._stops_at_s is None:
            return None
        return max(0.0, self._stops_at_s - self._clock.monotonic_s())

    def _is_over(self) -> bool:
        if self._stops_at_s is not None:
            return not self._seats or self._clock.monotonic_s() >= self._stops_at_s
        return self._is_retiring and not self._link_count
