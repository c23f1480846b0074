"""One socket of text to speech: its flow, its streams, and whoever reads and writes meanwhile.

A reader obeys the flow's commands; each stream sends what is made of its text beside it. Nothing outlives the
socket: all of them end with its block.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event
from echoless.core.models import Model
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import PronunciationRule
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.bodies import names_switch, parse_object
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.problems import misplaced_switch
from echoless.volatile.gateway.schemas.text_to_speech_sockets import SpeechSocketMessage
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_credentials import no_credential
from echoless.volatile.gateway.socket_messages import SocketMessages
from echoless.volatile.gateway.socket_problems import NORMAL, socket_problem_for
from echoless.volatile.gateway.speech_checks import dictionary_rules
from echoless.volatile.gateway.speech_streams import SpeechStream, StreamParts
from echoless.volatile.speech.socket_flow import (
    CloseSocket,
    Command,
    FinishStream,
    Generate,
    OpenStream,
    SocketFlow,
    VoiceSettings,
)


@dataclass(frozen=True, slots=True)
class SocketPlan:
    """What a socket does.

    job:          the engine's job of a stream, from its settings and rules of pronunciation
    has_contexts: whether streams have names, and tickets of their own
    """

    flow: SocketFlow
    job: Callable[[VoiceSettings, list[PronunciationRule]], SpeakOn]
    model: Model
    has_contexts: bool


@dataclass(slots=True)
class _Running:
    """A stream and whoever sends its messages."""

    stream: SpeechStream
    task: asyncio.Task[None]


class SpeechSession:
    """One socket; `run` returns after a normal close."""

    def __init__(self, call: SocketCall, plan: SocketPlan) -> None:
        self._call = call
        self._plan = plan
        self._flow = plan.flow
        self._running: dict[str, _Running] = {}
        self._rules: dict[str, list[PronunciationRule]] = {}
        self._timer: asyncio.Timeout | None = None

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
            failure = _foremost(failures)
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

    async def _commands(self) -> list[Command]:
        text = await self._next_text()
        now_s = self._call.services.clock.monotonic_s()
        if text is None:
            return self._flow.tick(now_s)
        message = _read(text)
        if self._call.ticket is None:
            await self._admit(message)
        await self._learn_rules(message)
        return self._flow.receive(message.as_flow(), now_s)

    async def _learn_rules(self, message: SpeechSocketMessage) -> None:
        """Ask for the dictionaries that a first message names; its stream speaks by their rules."""
        locators = message.pronunciation_dictionary_locators
        if not locators:
            return
        context_id = message.as_flow().context_id
        if context_id in self._running:
            raise EcholessError(ErrorCode.INVALID_MESSAGE, "Dictionaries are named in the first message only.")
        self._rules[context_id] = await dictionary_rules(self._call.open_ticket, locators, self._plan.model)

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
        deadline_s = self._flow.deadline_s()
        if deadline_s is None:
            return None
        wait_s = deadline_s - self._call.services.clock.monotonic_s()
        return asyncio.get_running_loop().time() + max(0.0, wait_s)

    async def _admit(self, message: SpeechSocketMessage) -> None:
        """(1) Let in whoever shows a credential in the first message, before its text is looked at."""
        credential = message.credential()
        if credential is None:
            raise no_credential()
        await self._call.admit(self._call, credential)

    async def _obey(self, command: Command) -> bool:
        match command:
            case OpenStream():
                await self._open(command)
            case Generate():
                await self._running[command.context_id].stream.speak(command.piece)
            case FinishStream():
                self._running[command.context_id].stream.finish()
            case CloseSocket():
                await self._close_socket(command)
                return True
        return False

    async def _open(self, command: OpenStream) -> None:
        before = self._running.get(command.context_id)
        if before is not None:
            # The name is used again; each stream is final before the next one of its name begins.
            await asyncio.wait([before.task])
        call = self._call
        ticket = await call.open_ticket.open_context() if self._plan.has_contexts else call.open_ticket
        context_id = command.context_id

        def on_rest() -> None:
            self._rest(context_id)

        parts = StreamParts(
            engines=call.services.engines,
            ticket=ticket,
            job=self._plan.job(command.voice_settings, self._rules.pop(context_id, [])),
            model_id=self._plan.model.model_id,
            messages=SocketMessages(context_id if self._plan.has_contexts else None),
            say=call.say,
            on_rest=on_rest,
        )
        stream = SpeechStream(parts)
        # From here on the stream closes its ticket, which is the socket's own where it has no contexts.
        call.is_ticket_closed = call.is_ticket_closed or not self._plan.has_contexts
        self._running[context_id] = _Running(stream, self._group.create_task(self._send(context_id, stream)))

    async def _close_socket(self, command: CloseSocket) -> None:
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks)
        if command.error is not None:
            raise command.error
        await self._call.close()

    # --- the streams ---

    async def _send(self, context_id: str, stream: SpeechStream) -> None:
        """Send what is made of one stream, to its final message."""
        await stream.run()
        done = Outcome(http_status=NORMAL, is_complete=True)
        await stream.end(self._call.closing(_with_totals(done, stream), has_spoken=True))
        self._close(stream, done)
        if context_id in self._running and self._running[context_id].stream is stream:
            del self._running[context_id]
        self._call.on_rest()

    def _rest(self, context_id: str) -> None:
        """Take note that all text of a stream has been spoken: the client's silence counts from now."""
        self._flow.rested(context_id, self._call.services.clock.monotonic_s())
        if self._timer is not None:
            self._timer.reschedule(self._when())
        self._call.on_rest()

    def _close(self, stream: SpeechStream, how: Outcome) -> None:
        """(7) Close a stream's ticket; one that is closed already stays as it is."""
        outcome = _with_totals(how, stream)
        try:
            stream.close(self._call.closing(outcome, has_spoken=outcome.audio_bytes > 0))
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
            problem = socket_problem_for(failure)
            outcome.http_status, outcome.error_code = problem.close_code, problem.code


def _with_totals(outcome: Outcome, stream: SpeechStream) -> Outcome:
    totals = stream.totals
    return replace(outcome, audio_bytes=totals.audio_bytes, audio_ms=totals.audio_ms)


def _read(text: TextContent) -> SpeechSocketMessage:
    members = parse_object(text.reveal())
    if names_switch(members):
        raise misplaced_switch()
    return SpeechSocketMessage.checked(members)


def _foremost(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what everything else followed from: a client's leaving before all, ours before anybody's."""
    found = list(failures.exceptions)
    for kind in (ClientLeftError, EcholessError):
        for failure in found:
            if isinstance(failure, kind):
                return failure
    return found[0]
