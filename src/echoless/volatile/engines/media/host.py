"""The media process's loop: one thread, one job at a time to its end, the others in a queue. (4)

Files of transcripts go before recordings: they take a moment, and whoever waits for them has waited long.

A job is blocking code. Wherever it waits, for input or for its reader, the host takes what arrives: input,
credits, cancellations, new orders, control messages. A job that nobody wants any more is unwound by an exception
of ours. Hostile recordings may end the process; that costs the one job that runs, and those in the queue may be
given to another process, since nothing of them has been sent.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from echoless.confinement.stack import StackWiper
from echoless.core.clock import Clock
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal, where
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.link_loop import LinkLoop
from echoless.crossing.media_records import (
    KIND_INPUT_AUDIO,
    MEDIA_RECORDS,
    Convert,
    EndInput,
    InputCredit,
    InputFormat,
    InputKnown,
    JobStarted,
    RenderTranscript,
    Transcribe,
    TranscriptWord,
    WordsToRender,
)
from echoless.crossing.outflow import Outflow
from echoless.crossing.records import Cancel, Credit, Record, core_registry
from echoless.crossing.told_errors import told_failure
from echoless.crossing.wire import Frame
from echoless.volatile.engines.media.sound import NoiseRemoval, Recording
from echoless.volatile.engines.media.upload import INPUT_WINDOW_BYTES, Upload
from echoless.volatile.speech.media_ports import JobCancelledError, MediaJob

QUEUE_MAX: Final = 64
PATIENCE_S: Final = 30.0
"""How long a job may wait for its client while others wait for the process, besides what the bytes take."""
PATIENCE_BYTES_PER_S: Final = 64 * 1024
"""What a client must bring and take a second when others wait."""
_LOOK_S: Final = 1.0
_WORDS_MAX: Final = 1_000_000

_Order = Convert | Transcribe | RenderTranscript


@dataclass(eq=False, slots=True)
class _Place:
    """An order, waiting or running."""

    link: GatewayLink
    correlation: int
    order: _Order
    outflow: Outflow
    upload: Upload | None = None
    is_cancelled: bool = False
    audio_bytes: int = 0
    # What its client has brought and taken, and how long it kept others waiting for that.
    moved_bytes: int = 0
    awaited_s: float = 0.0


class MediaHost(LinkLoop):
    """Serves orders from links until it is stopped, or until it has retired and every gateway has left.

    jobs:      who does which kind of order
    on_idle:   called after each job, when everything of it has been released
    on_turn:   called whenever the host looks at its links: a job that lets it do so is alive
    """

    def __init__(
        self,
        jobs: Mapping[type[Record], MediaJob],
        *,
        journal: Journal,
        clock: Clock,
        held_bytes_max: int,
        without_noise: NoiseRemoval,
        queue_max: int = QUEUE_MAX,
        on_idle: Callable[[], None] | None = None,
        on_turn: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(journal=journal, clock=clock)
        self._jobs = jobs
        self._held_bytes_max = held_bytes_max
        self._without_noise = without_noise
        self._queue_max = queue_max
        self._on_idle = on_idle
        self._on_turn = on_turn
        self._registry = core_registry(MEDIA_RECORDS, DIAGNOSIS_RECORDS)
        self._places: dict[tuple[int, int], _Place] = {}
        self._queue: deque[_Place] = deque()
        self._words: dict[tuple[int, int], list[TranscriptWord]] = {}
        self._running: _Place | None = None
        self._stack = StackWiper()

    def turn(self, timeout_s: float | None) -> None:
        """Take what has arrived, then do one job, if there is one, to its end.

        timeout_s: how long to wait for the first of it; None for as long as it takes
        """
        self._take(timeout_s)
        while self._queue:
            place = self._queue.popleft()
            if not self._is_left(place):
                self._do(place)
                return
            self._forget(place)

    # --- what arrives ---

    def _take(self, timeout_s: float | None) -> None:
        if self._on_turn is not None:
            self._on_turn()
        super()._take(timeout_s)

    def _receive(self, link: GatewayLink, frame: Frame) -> None:
        key = (id(link), frame.header.correlation)
        place = self._places.get(key)
        if frame.header.kind == KIND_INPUT_AUDIO and frame.header.is_content:
            self._feed(place, frame.payload)
            return
        record = self._registry.decode(frame)
        match record:
            case WordsToRender():
                self._gather(key, record)
            case RenderTranscript() if type(record) in self._jobs:
                self._admit(link, frame, replace(record, words=self._words.pop(key, []) + record.words))
            case Convert() | Transcribe() if type(record) in self._jobs:
                self._admit(link, frame, record)
            case Credit() | Cancel() | EndInput():
                # A job may have ended while the frame was on its way.
                if place is not None:
                    self._steer(place, record)
            case _:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {record.KIND} is not for a media process")

    def _gather(self, key: tuple[int, int], record: WordsToRender) -> None:
        """Take words of a transcript whose order comes after them."""
        words = self._words.setdefault(key, [])
        words += record.words
        if len(words) > _WORDS_MAX:
            raise EcholessError(
                ErrorCode.CROSSING_BROKEN, "a transcript of more words than anyone can say in a day"
            )

    def _feed(self, place: _Place | None, payload: bytes) -> None:
        if place is None:
            return
        if place.upload is None:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "input before its job has started")
        place.upload.add(payload)
        place.moved_bytes += len(payload)

    def _steer(self, place: _Place, record: Credit | Cancel | EndInput) -> None:
        match record:
            case Credit():
                place.outflow.open_window(record.taken_bytes)
                place.moved_bytes += record.taken_bytes
                self._resume(place.link)
            case Cancel():
                self._leave(place)
            case EndInput() if place.upload is not None:
                place.upload.end()

    def _admit(self, link: GatewayLink, frame: Frame, order: _Order) -> None:
        correlation, ticket = frame.header.correlation, frame.header.ticket
        window_bytes = order.window_bytes if isinstance(order, Convert) else 0
        outflow = Outflow(
            link, self._registry, correlation=correlation, ticket=ticket, window_bytes=window_bytes
        )  # fmt: skip
        refusal = self._refusal((id(link), correlation), order)
        if refusal is not None:
            outflow.post(self._jobs[type(order)].failure(refusal, 0, 0))
            outflow.flush()
            return
        place = _Place(link, correlation, order, outflow)
        self._places[id(link), correlation] = place
        waiting = self._waiting_files()
        if isinstance(order, RenderTranscript):
            self._queue.insert(waiting, place)
        else:
            self._queue.append(place)

    def _waiting_files(self) -> int:
        """Return how many orders for files wait: they are in front of all others."""
        return sum(isinstance(place.order, RenderTranscript) for place in self._queue)

    def _refusal(self, key: tuple[int, int], order: _Order) -> ErrorCode | None:
        if self._stops_at_s is not None:
            return ErrorCode.ENGINE_UNAVAILABLE
        # A recording may be sent again; a transcript that is refused its files is lost: each has its own bound.
        files_count = self._waiting_files()
        waiting_count = files_count if isinstance(order, RenderTranscript) else len(self._queue) - files_count
        if waiting_count >= self._queue_max:
            return ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        return ErrorCode.INVALID_PARAMETERS if key in self._places else None

    # --- one job ---

    def _do(self, place: _Place) -> None:
        """Do one job. What it leaves on the stack lies below this frame and is wiped when it has ended."""
        self._running = place
        outlet = _Outlet(self, place)
        try:
            ending = _one_frame_deeper(lambda: self._ending(place, outlet))
        except JobCancelledError:
            place.is_cancelled = True
        else:
            place.outflow.post(ending)
            place.outflow.flush()
        self._running = None
        place.upload = None
        if place.is_cancelled or place.outflow.is_empty:
            self._forget(place)
        self._watch_writes(place.link)
        gc.collect()
        self._stack.wipe()
        if self._on_idle is not None:
            self._on_idle()

    def _ending(self, place: _Place, outlet: _Outlet) -> Record:
        job = self._jobs[type(place.order)]
        recording = self._recording(place, outlet)
        try:
            return job.run(place.order, recording, outlet)
        except EcholessError as error:
            code = error.code
            self._tell(place, error, recording, outlet)
        except JobCancelledError:
            raise
        except Exception as error:  # one job's failure is one job's
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            code = ErrorCode.INTERNAL_ERROR
            self._tell(place, error, recording, outlet)
        finally:
            recording.close()
        return job.failure(code, recording.audio_ms, outlet.audio_bytes)

    def _tell(self, place: _Place, error: Exception, recording: Recording, outlet: _Outlet) -> None:
        """Tell why a job failed, where that will be sealed for its workspace."""
        order = place.order
        if isinstance(order, RenderTranscript) or not order.wants_diagnosis:
            return
        state = {
            "waiting_jobs": len(self._queue), "input_bytes": place.moved_bytes, "audio_ms": recording.audio_ms,
            "made_audio_bytes": outlet.audio_bytes, "order": order,
        }  # fmt: skip
        place.outflow.post(JobDiagnosis(told_failure(error, state)))

    def _recording(self, place: _Place, outlet: _Outlet) -> Recording:
        """Open a job's input; an order without input gets one that is empty."""
        order = place.order
        upload = Upload(lambda: self.wait_for(place), lambda count: outlet.post(InputCredit(count)))
        if isinstance(order, RenderTranscript):
            upload.end()
            input_format, duration_ms_max = InputFormat.OTHER, 0
        else:
            place.upload = upload
            input_format, duration_ms_max = order.input_format, order.duration_ms_max
            outlet.post(JobStarted(INPUT_WINDOW_BYTES))
        return Recording(
            upload,
            input_format,
            duration_ms_max=duration_ms_max,
            held_bytes_max=self._held_bytes_max,
            on_known=lambda kind: outlet.post(InputKnown(kind.media_type)),
            without_noise=self._without_noise,
        )

    def wait_for(self, place: _Place) -> None:
        """Wait until something arrives that may let a job go on.

        A client that brings a byte now and then, or takes one, holds the process only while nobody else wants it.
        raises: JobCancelledError, EcholessError(REQUEST_TIMEOUT)
        """
        began_s, is_wanted, patience_s = self._clock.monotonic_s(), bool(self._queue), self._patience_s()
        self.check(place, min(_LOOK_S, _LOOK_S if patience_s is None else patience_s) if is_wanted else patience_s)
        if is_wanted:
            place.awaited_s += self._clock.monotonic_s() - began_s
        if place.awaited_s > PATIENCE_S + place.moved_bytes / PATIENCE_BYTES_PER_S:
            raise EcholessError(ErrorCode.REQUEST_TIMEOUT, "a client is slow, and others wait")

    def check(self, place: _Place, timeout_s: float | None = 0.0) -> None:
        """Take what has arrived and say whether a job may go on.

        raises: JobCancelledError
        """
        self._watch_writes(place.link)
        self._take(timeout_s)
        if self._is_left(place):
            raise JobCancelledError

    # --- orders ---

    def _is_left(self, place: _Place) -> bool:
        is_late = self._stops_at_s is not None and self._clock.monotonic_s() >= self._stops_at_s
        return place.is_cancelled or place.link.is_closed or is_late

    def _leave(self, place: _Place) -> None:
        """Take note that nobody listens to a job; one that runs finds out when it next waits.

        One that waits is gone at once: its order may hold words, and the job before it may run for hours.
        """
        place.is_cancelled = True
        place.outflow.drop()
        if place in self._queue:
            self._queue.remove(place)
        if place is not self._running:
            self._forget(place)

    def _forget(self, place: _Place) -> None:
        place.outflow.drop()
        self._places.pop((id(place.link), place.correlation), None)

    def _resume(self, link: GatewayLink) -> None:
        """Send what may go now, of every job of a link; jobs that are done end when all of it has gone."""
        for place in [place for place in self._places.values() if place.link is link]:
            place.outflow.flush()
            is_done = place is not self._running and place not in self._queue
            if is_done and place.outflow.is_empty:
                self._forget(place)

    # --- links ---

    def _link_gone(self, link: GatewayLink) -> None:
        for place in [place for place in self._places.values() if place.link is link]:
            self._leave(place)
        self._words = {key: words for key, words in self._words.items() if key[0] != id(link)}

    def _end_all(self) -> None:
        self._places.clear()
        self._queue.clear()
        self._words.clear()

    @property
    def _has_steps(self) -> bool:
        return bool(self._queue)

    @property
    def _has_work(self) -> bool:
        return bool(self._places)


class _Outlet:
    """A MediaOutlet of one job. It waits for its reader, and the host takes what arrives meanwhile."""

    def __init__(self, host: MediaHost, place: _Place) -> None:
        self._host = host
        self._place = place
        self.audio_bytes = 0

    def post(self, record: Record) -> None:
        """Send a record after everything before it.

        raises: JobCancelledError
        """
        self._place.outflow.post(record)
        self._place.outflow.flush()
        self._go_on()

    def send_audio(self, audio: AudioContent) -> None:
        """Send encoded audio: the first of it at once.

        raises: JobCancelledError
        """
        self.audio_bytes += len(audio)
        self._place.outflow.send_audio(audio)
        self._go_on()

    def check(self) -> None:
        """Take what has arrived, without waiting.

        raises: JobCancelledError
        """
        self._host.check(self._place)

    def _go_on(self) -> None:
        """Take what has arrived, and wait while the reader has to catch up."""
        self.check()
        while self._place.outflow.is_full or not self._place.link.has_room:
            self._place.outflow.flush()
            self._host.wait_for(self._place)


def _one_frame_deeper(call: Callable[[], Record]) -> Record:
    """Run a call below one more frame of the C stack, so that what it leaves there can be wiped from above."""
    return next(map(lambda run: run(), (call,)))  # noqa: C417  # `map` calls from C; a comprehension would not
