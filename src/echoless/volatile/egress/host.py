"""The jobs of an egress process: gateways ask, tasks do, and a gateway that is gone takes its jobs with it."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal, where
from echoless.crossing.egress_client import egress_registry
from echoless.crossing.egress_records import KIND_WEBHOOK_BODY
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_INPUT_AUDIO, EndInput
from echoless.crossing.records import Cancel, Credit, Record
from echoless.crossing.wire import Frame
from echoless.volatile.egress.jobs import Job, ending

JOBS_MAX: Final = 512
_COLLECT_AFTER_S: Final = 0.2
_AGAIN_AFTER_S: Final = 0.6
_INPUT_KINDS: Final = frozenset({KIND_INPUT_AUDIO, KIND_WEBHOOK_BODY})
_Key = tuple[Link, int]


class Performer(Protocol):
    """Whoever does the jobs."""

    async def perform(self, job: Job, asked: Record) -> None:
        """Do a job to its last record.

        raises: EcholessError, which becomes the last record
        """
        ...


class EgressHost:
    """Links to gateways and the jobs that came by them."""

    def __init__(self, performer: Performer, journal: Journal) -> None:
        self._performer = performer
        self._journal = journal
        self._registry = egress_registry()
        self._links: list[Link] = []
        self._jobs: dict[_Key, Job] = {}
        self._tasks: dict[_Key, asyncio.Task[None]] = {}
        self._collecting: asyncio.TimerHandle | None = None
        self._last: asyncio.TimerHandle | None = None

    async def add_link(self, end: socket.socket) -> None:
        """Serve one more gateway."""
        link = await Link.open(end, self._registry, on_frame=self._on_frame, on_closed=self._on_closed)
        self._links.append(link)

    async def stop(self, deadline_s: float) -> None:
        """Let jobs end until the deadline, then drop the rest."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), timeout=deadline_s)
        for link in tuple(self._links):
            link.close()

    @property
    def job_count(self) -> int:
        """Jobs under way."""
        return len(self._jobs)

    # --- inner ---

    def _on_frame(self, link: Link, frame: Frame) -> None:
        key = (link, frame.header.correlation)
        job = self._jobs.get(key)
        if frame.header.kind in _INPUT_KINDS:
            if job is not None:
                job.take_input(frame.payload)
            return
        record = self._registry.decode(frame)
        match record:
            case Credit():
                if job is not None:
                    job.open_window(record.taken_bytes)
            case EndInput():
                if job is not None:
                    job.end_input()
            case Cancel():
                if key in self._tasks:
                    self._tasks[key].cancel()
            case _:
                self._begin(key, Job(link, frame.header.correlation, frame.header.ticket), record)

    def _begin(self, key: _Key, job: Job, asked: Record) -> None:
        if len(self._jobs) >= JOBS_MAX:
            job.post(ending(asked, EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "The way out is busy.")))
            return
        self._jobs[key] = job
        task = asyncio.get_running_loop().create_task(self._run(key, job, asked))
        self._tasks[key] = task
        # Not at the end of the task itself: one that is cancelled before its first step never comes to that.
        task.add_done_callback(lambda _task: self._forget(key))

    async def _run(self, key: _Key, job: Job, asked: Record) -> None:
        failure: EcholessError | None = None
        try:
            await self._performer.perform(job, asked)
        except EcholessError as error:
            failure = error
        except Exception as error:  # whatever a library raises costs one job, and says its type only
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            failure = EcholessError(ErrorCode.INTERNAL_ERROR, "The way out failed.")
        if failure is not None and not key[0].is_closed:
            job.post(ending(asked, failure))

    def _forget(self, key: _Key) -> None:
        self._jobs.pop(key, None)
        self._tasks.pop(key, None)
        self._collect_soon()

    def _on_closed(self, link: Link) -> None:
        if link in self._links:
            self._links.remove(link)
        for key, task in tuple(self._tasks.items()):
            if key[0] is link:
                task.cancel()

    def _collect_soon(self) -> None:
        """Collect soon, whatever else goes on: cycles of a library's objects may hold what was said."""
        if self._collecting is None:
            self._collecting = asyncio.get_running_loop().call_later(_COLLECT_AFTER_S, self._collect)

    def _collect(self) -> None:
        """Collect now, and once more when connections that were about to close have done so."""
        self._collecting = None
        gc.collect()
        if self._last is not None:
            self._last.cancel()
        self._last = asyncio.get_running_loop().call_later(_AGAIN_AFTER_S, gc.collect)
