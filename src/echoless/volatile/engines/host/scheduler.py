"""The engine process's loop: one thread, many jobs in small steps. (4)

Jobs that have sent no audio yet go first, in the order of their arrival; the others take turns. A job whose reader
has no window open rests and costs nothing. A job that fails ends alone.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import Final

from echoless.confinement.stack import StackWiper
from echoless.core.clock import Clock
from echoless.core.engine_names import EMBEDDED
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, Journal, where
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.dialogue_records import DIALOGUE_RECORDS, DialogueSpeak
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.link_loop import LinkLoop
from echoless.crossing.outflow import Outflow
from echoless.crossing.records import (
    Cancel,
    Credit,
    Speak,
    SpeechEnded,
    core_registry,
)
from echoless.crossing.socket_records import STREAM_RECORDS, EndText, MoreText, SpeakOn
from echoless.crossing.told_errors import told_failure
from echoless.crossing.wire import Frame
from echoless.volatile.engines.host.dialogue_job import DialogueJob
from echoless.volatile.engines.host.speech_job import SpeechJob, SpeechParts
from echoless.volatile.engines.host.stream_dialogue_job import StreamDialogueJob
from echoless.volatile.engines.host.stream_job import StreamJob

JOBS_MAX: Final = 1024
TEXT_CHARACTERS_MAX: Final = 100_000


_Order = Speak | SpeakOn | DialogueSpeak


class _Job:
    """A job with its place in the loop."""

    __slots__ = ("correlation", "is_done", "is_queued", "link", "order", "outflow", "speech", "steps")

    def __init__(
        self,
        link: GatewayLink,
        correlation: int,
        outflow: Outflow,
        speech: SpeechJob,
        steps: Generator[None, None, None],
        *,
        order: _Order,
    ) -> None:
        self.link = link
        self.correlation = correlation
        self.order = order
        self.outflow = outflow
        self.speech = speech
        self.steps = steps
        self.is_queued = False
        self.is_done = False

    @property
    def is_waiting(self) -> bool:
        """Whether it can do nothing until more text comes."""
        return not self.is_done and isinstance(self.speech, StreamJob) and self.speech.is_waiting


class EngineHost(LinkLoop):
    """Serves jobs from links until it is stopped.

    on_idle: called after the last running job has ended
    prepare: does a little of what later jobs need and says whether it did; called while there is no step to do
    others:  what jobs are made with that name another engine than the embedded one, by that name
    """

    def __init__(
        self,
        parts: SpeechParts,
        *,
        journal: Journal,
        clock: Clock,
        jobs_max: int = JOBS_MAX,
        on_idle: Callable[[], None] | None = None,
        prepare: Callable[[], bool] | None = None,
        others: Mapping[str, SpeechParts] | None = None,
    ) -> None:
        super().__init__(journal=journal, clock=clock, prepare=prepare)
        self._parts_by_engine = {EMBEDDED: parts, **(others or {})}
        self._jobs_max = jobs_max
        self._on_idle = on_idle
        self._registry = core_registry(STREAM_RECORDS, DIALOGUE_RECORDS, DIAGNOSIS_RECORDS)
        self._jobs: dict[tuple[int, int], _Job] = {}
        self._first: deque[_Job] = deque()
        self._turns: deque[_Job] = deque()
        self._stack = StackWiper()
        self._has_failed = False

    def turn(self, timeout_s: float | None) -> None:
        """Take what has arrived and do one step of one job.

        timeout_s: how long to wait where there is no step to do; None for as long as it takes
        """
        self._take(timeout_s)
        job = self._next_job()
        if job is not None:
            self._step(job)
            self._release_failure()

    # --- what arrives ---

    def _receive(self, link: GatewayLink, frame: Frame) -> None:
        record = self._registry.decode(frame)
        key = (id(link), frame.header.correlation)
        match record:
            case Speak() | SpeakOn() | DialogueSpeak():
                self._admit(link, frame.header.correlation, frame.header.ticket, record)
            case Credit() if key in self._jobs:
                job = self._jobs[key]
                job.outflow.open_window(record.taken_bytes)
                self._advance(job)
            case Cancel() if key in self._jobs:
                self._end(self._jobs[key])
            case MoreText() | EndText() if key in self._jobs:
                self._continue(self._jobs[key], record)
            case Credit() | Cancel() | MoreText() | EndText():
                pass  # The job ended while the frame was on its way.
            case _:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {record.KIND} is not for an engine")

    def _continue(self, job: _Job, record: MoreText | EndText) -> None:
        """Give a job more text, or its end."""
        if not isinstance(job.speech, StreamJob):
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "more text for a job that has all")
        if job.is_done:
            return
        if isinstance(record, EndText):
            job.speech.end()
        else:
            job.speech.add(record)
        self._advance(job)

    def _admit(self, link: GatewayLink, correlation: int, ticket: TicketId, speak: _Order) -> None:
        outflow = Outflow(
            link, self._registry, correlation=correlation, ticket=ticket, window_bytes=speak.window_bytes,
            keeps_pieces=isinstance(speak, SpeakOn),
        )  # fmt: skip
        refusal = self._refusal(speak, (id(link), correlation))
        if refusal is None:
            try:
                speech = self._new_job(speak, outflow)
            except EcholessError as error:
                refusal = error.code
            else:
                job = _Job(link, correlation, outflow, speech, speech.steps(), order=speak)
                self._jobs[id(link), correlation] = job
                self._enqueue(job)
                return
        outflow.post(SpeechEnded(refusal.value, 0, 0))
        outflow.flush()

    def _new_job(self, speak: _Order, outflow: Outflow) -> SpeechJob:
        parts = self._parts_by_engine.get(speak.engine_model)
        if parts is None:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "this process has no such engine")
        if isinstance(speak, DialogueSpeak):
            return DialogueJob(speak, parts, outflow)
        if isinstance(speak, SpeakOn):
            return (StreamDialogueJob if speak.is_dialogue else StreamJob)(speak, parts, outflow)
        return SpeechJob(speak, parts, outflow)

    def _refusal(self, speak: _Order, key: tuple[int, int]) -> ErrorCode | None:
        if self._stops_at_s is not None:
            return ErrorCode.ENGINE_UNAVAILABLE
        if len(self._jobs) >= self._jobs_max:
            return ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        if _character_count(speak) > TEXT_CHARACTERS_MAX:
            return ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED
        return ErrorCode.INVALID_PARAMETERS if key in self._jobs else None

    # --- turns ---

    def _enqueue(self, job: _Job) -> None:
        if not job.is_queued:
            job.is_queued = True
            (self._turns if job.outflow.has_sent_audio else self._first).append(job)

    def _next_job(self) -> _Job | None:
        for queue in (self._first, self._turns):
            while queue:
                job = queue.popleft()
                job.is_queued = False
                if (id(job.link), job.correlation) in self._jobs:
                    return job
        return None

    def _step(self, job: _Job) -> None:
        """Do one step. What it leaves on the stack lies below this frame and is wiped when the job ends."""
        try:
            next(job.steps)
        except StopIteration:
            job.is_done = True
            job.outflow.post(job.speech.ending())
        except EcholessError as error:
            self._fail(job, error.code, error)
        except Exception as error:  # one job's failure is one job's
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            self._fail(job, ErrorCode.INTERNAL_ERROR, error)
        self._advance(job)
        if job.is_waiting:
            self._note_rest(job)

    def _note_rest(self, job: _Job) -> None:
        """Leave nothing of what a job has just said on the stack; one that rests keeps no process from retiring."""
        job.outflow.rest()
        self._stack.wipe()
        if self._on_idle is not None and all(other.is_waiting for other in self._jobs.values()):
            self._on_idle()

    def _fail(self, job: _Job, code: ErrorCode, error: Exception) -> None:
        """End a job after what it has made so far; tell why, where that will be sealed for its workspace."""
        job.is_done = self._has_failed = True
        ending = job.speech.ending()
        if job.order.wants_diagnosis:
            state = {"jobs": len(self._jobs), "made_audio_bytes": ending.audio_bytes, "order": job.order}
            job.outflow.post(JobDiagnosis(told_failure(error, state)))
        job.outflow.post(SpeechEnded(code.value, ending.audio_ms, ending.audio_bytes))

    def _release_failure(self) -> None:
        """Let go of what an error holds: itself by its frames and what their names mean, so no count ends it.

        Not within the step, whose own frame is one of them.
        """
        if self._has_failed:
            self._has_failed = False
            gc.collect()
            self._stack.wipe()

    def _advance(self, job: _Job) -> None:
        """Send what may go; then end the job, give it another turn, or let it rest."""
        if job.is_done or job.is_waiting or job.outflow.is_full:
            job.outflow.flush()
        self._watch_writes(job.link)
        if not job.is_done:
            if not job.is_waiting and not job.outflow.is_full:
                self._enqueue(job)
        elif job.outflow.is_empty:
            self._end(job)

    def _resume(self, link: GatewayLink) -> None:
        for job in [job for job in self._jobs.values() if job.link is link and not job.is_queued]:
            self._advance(job)

    def _link_gone(self, link: GatewayLink) -> None:
        for job in [job for job in self._jobs.values() if job.link is link]:
            self._end(job)

    def _end_all(self) -> None:
        for job in tuple(self._jobs.values()):
            self._end(job)

    def _end(self, job: _Job) -> None:
        """Release everything that a job held."""
        del self._jobs[id(job.link), job.correlation]
        job.steps.close()
        job.speech.close()
        job.outflow.drop()
        self._stack.wipe()
        if not self._jobs and self._on_idle is not None:
            self._on_idle()

    # --- waiting ---

    @property
    def _has_steps(self) -> bool:
        return bool(self._first or self._turns)

    @property
    def _has_work(self) -> bool:
        return bool(self._jobs)


def _character_count(order: _Order) -> int:
    """Return how many characters a job brings when it begins."""
    if isinstance(order, DialogueSpeak):
        return sum(len(turn.text) for turn in order.turns)
    return len(order.text) if isinstance(order, Speak) else 0
