"""The live process's loop: one thread, many sessions in small steps, each in its turn. (4)

What a session's reader does not take makes that session rest. A session that fails ends alone; one that cannot
begin is answered by its ending at once.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from echoless.confinement.stack import StackWiper
from echoless.core.clock import Clock
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, Journal, where
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.link_loop import LinkLoop
from echoless.crossing.live_records import LIVE_RECORDS, Commit, Listen, ListeningEnded
from echoless.crossing.media_records import KIND_INPUT_AUDIO, EndInput, InputCredit
from echoless.crossing.records import Cancel, Record, core_registry
from echoless.crossing.told_errors import told_failure
from echoless.crossing.wire import Frame
from echoless.volatile.engines.live.listening import Listening, ListeningParts

LISTENING_RECORDS: Final[tuple[type[Record], ...]] = (*LIVE_RECORDS, *DIAGNOSIS_RECORDS, EndInput, InputCredit)


@dataclass(eq=False, slots=True)
class _Seat:
    """A session with its place in the loop."""

    link: GatewayLink
    correlation: int
    ticket: TicketId
    listening: Listening | None = None
    is_queued: bool = False


class LiveHost(LinkLoop):
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
        super().__init__(journal=journal, clock=clock, prepare=prepare)
        self._parts = parts
        self._on_idle = on_idle
        self._registry = core_registry(LISTENING_RECORDS)
        self._seats: dict[tuple[int, int], _Seat] = {}
        self._turns: deque[_Seat] = deque()
        self._stack = StackWiper()
        self._has_failed = False

    def turn(self, timeout_s: float | None) -> None:
        """Take what has arrived and do one step of one session.

        timeout_s: how long to wait where there is no step to do; None for as long as it takes
        """
        self._take(timeout_s)
        while self._turns:
            seat = self._turns.popleft()
            seat.is_queued = False
            if seat.listening is not None:
                self._step(seat, seat.listening)
                self._release_failure()
                return

    # --- what arrives ---

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
            self._tell(seat, listening, error)
        except Exception as error:  # one session's failure is one session's
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            code = ErrorCode.INTERNAL_ERROR
            self._tell(seat, listening, error)
        if code is not None:
            self._has_failed = True
            self._post(seat, listening.ending(code.value))
        seat.link.flush()
        if code is not None or listening.is_done:
            self._leave(seat)
        else:
            self._enqueue(seat)
            if not seat.is_queued:
                self._stack.wipe()
        self._watch_writes(seat.link)

    def _tell(self, seat: _Seat, listening: Listening, error: Exception) -> None:
        """Tell why a session failed, where that will be sealed for its workspace."""
        if listening.order.wants_diagnosis:
            state = {"sessions": len(self._seats), "order": listening.order}
            self._post(seat, JobDiagnosis(told_failure(error, state)))

    def _release_failure(self) -> None:
        """Let go of what an error holds: itself by its frames and what their names mean, so no count ends it.

        Not within the step, whose own frame is one of them.
        """
        if self._has_failed:
            self._has_failed = False
            gc.collect()
            self._stack.wipe()

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

    # --- links ---

    def _resume(self, link: GatewayLink) -> None:
        for seat in [seat for seat in self._seats.values() if seat.link is link]:
            self._enqueue(seat)

    def _link_gone(self, link: GatewayLink) -> None:
        for seat in [seat for seat in self._seats.values() if seat.link is link]:
            self._leave(seat)

    def _end_all(self) -> None:
        for seat in tuple(self._seats.values()):
            self._leave(seat)

    @property
    def _has_steps(self) -> bool:
        return bool(self._turns)

    @property
    def _has_work(self) -> bool:
        return bool(self._seats)
