"""A socket that speaks: whoever reads it, and the streams that are spoken meanwhile.

A reader obeys the commands of a flow; each stream sends what is made of its text beside it. Nothing outlives the
socket: all of them end with its block. What a message means is for the sessions of each product to say.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError
from echoless.core.journal import Event
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import CloseTicket
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.diagnosing import seal_failure
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_credentials import Credential
from echoless.volatile.gateway.socket_problems import NORMAL
from echoless.volatile.gateway.speech_streams import StreamTotals
from echoless.volatile.speech.socket_flow import CloseSocket, FinishStream

Closing = Callable[[StreamTotals], CloseTicket]


class TimedFlow(Protocol):
    """A flow, as far as time goes."""

    def deadline_s(self) -> float | None:
        """Return when the flow wants to be told the time, or None."""
        ...

    def tick(self, now_s: float) -> Sequence[object]:
        """Take note of the time and return commands."""
        ...

    def rested(self, context_id: str, now_s: float) -> None:
        """Take note that everything of a stream has been spoken."""
        ...


class Stream(Protocol):
    """One stream of speech."""

    def finish(self) -> None:
        """Take note that no more text comes."""
        ...

    async def run(self) -> None:
        """Send what is made until the end, without the final message."""
        ...

    async def end(self, closing: Closing) -> None:
        """Commit what is kept, then send the final message."""
        ...

    def close(self, closing: Closing) -> None:
        """Stop, and close what is still open."""
        ...


@dataclass(slots=True)
class _Running:
    """A stream and whoever sends its messages."""

    stream: Stream
    task: asyncio.Task[None]


class StreamSession(ABC):
    """One socket; `run` returns after a normal close."""

    def __init__(self, call: SocketCall, flow: TimedFlow) -> None:
        self._call = call
        self._timed = flow
        self._running: dict[str, _Running] = {}
        self._timer: asyncio.Timeout | None = None

    @abstractmethod
    async def _hear(self, text: TextContent) -> Sequence[object]:
        """Take a message and return commands."""

    @abstractmethod
    async def _follow(self, command: object) -> None:
        """Obey a command that opens a stream or gives it text."""

    async def run(self) -> None:
        """Serve until the flow closes the socket, or something goes wrong.

        raises: EcholessError with the code of the error frame; ClientLeftError
        """
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as self._group:
                while not await self._turn():
                    pass
        except BaseExceptionGroup as failures:
            failure = foremost(failures)
        finally:
            self._note(failure)
            for running in self._running.values():
                self._close(running.stream, self._call.outcome)
            self._running.clear()
        if failure is not None:
            raise failure

    # --- the reader ---

    async def _turn(self) -> bool:
        """Take one message, or the time, and obey; return whether the socket is closed.

        What was said lives in the frames below this one, and ends with them.
        """
        for command in await self._commands():
            if await self._obey(command):
                return True
        return False

    async def _commands(self) -> Sequence[object]:
        text = await self._next_text()
        if text is None:
            return self._timed.tick(self._now_s())
        return await self._hear(text)

    def _now_s(self) -> float:
        return self._call.services.clock.monotonic_s()

    async def _next_text(self) -> TextContent | None:
        """Return the next message, or None when the flow wants to be told the time."""
        try:
            async with asyncio.timeout_at(self._when()) as self._timer:
                return await self._call.next_text()
        except TimeoutError:
            return None
        finally:
            self._timer = None

    def _when(self) -> float | None:
        """Return the flow's deadline as the loop counts time."""
        deadline_s = self._timed.deadline_s()
        if deadline_s is None:
            return None
        return asyncio.get_running_loop().time() + max(0.0, deadline_s - self._now_s())

    async def _admit(self, credential: Credential | None, missing: EcholessError) -> None:
        """(1) Let in whoever shows a credential in the first message, before its text is looked at."""
        if credential is None:
            raise missing
        await self._call.admit(self._call, credential)

    async def _obey(self, command: object) -> bool:
        match command:
            case FinishStream():
                self._running[command.context_id].stream.finish()
            case CloseSocket():
                await self._close_socket(command)
                return True
            case _:
                await self._follow(command)
        return False

    async def _close_socket(self, command: CloseSocket) -> None:
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks)
        if command.error is not None:
            raise command.error
        await self._call.close()

    # --- the streams ---

    async def _wait_for_namesake(self, context_id: str) -> None:
        """Return once a stream of this name is final: a name may be used again, but not at the same time."""
        before = self._running.get(context_id)
        if before is not None:
            await asyncio.wait([before.task])

    def _start(self, context_id: str, stream: Stream) -> None:
        self._running[context_id] = _Running(stream, self._group.create_task(self._send(context_id, stream)))

    async def _send(self, context_id: str, stream: Stream) -> None:
        """Send what is made of one stream, to its final message."""
        await stream.run()
        done = Outcome(http_status=NORMAL, is_complete=True)
        await stream.end(self._closing(done))
        self._close(stream, done)
        if context_id in self._running and self._running[context_id].stream is stream:
            del self._running[context_id]
        self._call.on_rest()

    def _rest(self, context_id: str) -> None:
        """Take note that all text of a stream has been spoken: the client's silence counts from now."""
        self._timed.rested(context_id, self._now_s())
        if self._timer is not None:
            self._timer.reschedule(self._when())
        self._call.on_rest()

    def _closing(self, how: Outcome) -> Closing:
        """Return what makes the record that closes a ticket of this socket."""

        def closing(totals: StreamTotals) -> CloseTicket:
            outcome = replace(how, audio_bytes=totals.audio_bytes, audio_ms=totals.audio_ms)
            return self._call.closing(outcome, has_spoken=how.is_complete or totals.audio_bytes > 0)

        return closing

    def _close(self, stream: Stream, how: Outcome) -> None:
        """(7) Close a stream's ticket; one that is closed already stays as it is."""
        try:
            stream.close(self._closing(how))
        except EcholessError as error:
            # The vault that granted it is gone, and has closed it as aborted.
            self._call.services.journal.say(Event.TICKET_LOST, error=error.code.value)

    def _note(self, failure: BaseException | None) -> None:
        """Take note of how the socket ends, for the tickets that are still open."""
        outcome = self._call.outcome
        outcome.is_complete = failure is None
        if isinstance(failure, ClientLeftError):
            outcome.has_client_left = True
        elif isinstance(failure, EcholessError):
            seal_failure(self._call, failure)
            problem = self._call.problem_for(failure)
            outcome.http_status, outcome.error_code = problem.close_code, problem.code
        elif failure is not None:
            seal_failure(self._call, failure)


def foremost(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what everything else followed from: a client's leaving before all, ours before anybody's."""
    found = list(failures.exceptions)
    for kind in (ClientLeftError, EcholessError):
        for failure in found:
            if isinstance(failure, kind):
                return failure
    return found[0]
