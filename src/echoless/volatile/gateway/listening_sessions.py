"""(1)-(7) One session of live recognition: audio in as it comes, transcripts out as they are made.

One task reads the client, another one sends what the recogniser says. The session costs a place and a recogniser
from its first audio on. What is kept of it is one item: all its audio, and what was committed.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event
from echoless.crossing.client import ClientLeftError
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.live_client import LivePart
from echoless.crossing.live_records import CommitRefused, CommittedText, Listen, ListeningEnded, PartialText
from echoless.crossing.media_records import TranscriptWord, WordKind
from echoless.crossing.sinks import RetainingSink, sink_for
from echoless.crossing.socket_records import BeginGeneration, EndGeneration
from echoless.volatile.gateway import listening_messages as messages
from echoless.volatile.gateway.bodies import names_switch, parse_object
from echoless.volatile.gateway.diagnosing import seal_failure
from echoless.volatile.gateway.media_problems import media_error
from echoless.volatile.gateway.ports import ListeningSource
from echoless.volatile.gateway.problems import UnprocessableError, misplaced_switch
from echoless.volatile.gateway.schemas.speech_to_text_sockets import ListeningBody, ListeningQuery
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_problems import NORMAL
from echoless.volatile.gateway.stream_sessions import foremost
from echoless.volatile.gateway.traces import ENGINE_FAILURE
from echoless.volatile.speech.listening_flow import (
    CommitSegment,
    ErrorKind,
    Hear,
    ListeningCommand,
    ListeningError,
    ListeningFlow,
    Rest,
    input_error,
)
from echoless.volatile.speech.moderation_rules import Read

_PCM: Final = "audio/pcm"
_NOBODY_FREE: Final = "No recogniser is free at this moment; open the session again in a few seconds."


@dataclass(frozen=True, slots=True)
class ListeningPlan:
    """What a session does.

    languages: the one that was asked for, if any, then the others that are honoured
    """

    query: ListeningQuery
    order: Listen
    languages: list[str]


class ListeningSession:
    """One session; `run` returns when the client has finished."""

    def __init__(self, call: SocketCall, plan: ListeningPlan) -> None:
        self._call = call
        self._plan = plan
        self._form = plan.query.input_format
        self._flow = ListeningFlow(self._form, self._now_s())
        sink = sink_for(call.open_ticket)
        # (2) A sink that takes no content is not asked to.
        self._kept = sink if isinstance(sink, RetainingSink) else None
        self._review = call.services.moderation.review(call.open_ticket, Read.TRANSCRIPTS)
        self._kept_words: list[TranscriptWord] = []
        self._kept_language = ""
        self._exits = ExitStack()
        self._source: ListeningSource | None = None
        self._has_place = False
        self._audio_bytes = 0

    async def run(self) -> None:
        """Serve until the client has finished, or something goes wrong.

        raises: EcholessError with the kind of the error event; ClientLeftError where the client broke off
        """
        call, plan = self._call, self._plan
        call.is_ticket_closed = True
        ending: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as self._group:
                started = messages.session_started(
                    self._session_id, plan.query, plan.languages, is_kept=self._kept is not None
                )
                await self._say(started)
                while True:
                    await self._turn()
        except BaseExceptionGroup as endings:
            ending = foremost(endings)
        finally:
            # Cancelled from outside there is no ending of ours: then the client is not waited for either.
            ending = ClientLeftError() if ending is None else ending
            self._exits.close()
            self._review.end()
            self._close(ending)
        if not self._has_finished(ending):
            raise ending

    @property
    def _session_id(self) -> str:
        """The id of what is kept, with which it can be fetched and deleted; else that of the request."""
        return self._call.grant.history_item_id or self._call.request_id

    # --- the reader ---

    async def _turn(self) -> None:
        """Take one message, or the time, and obey. What was said lives in the frames below this one."""
        for command in await self._commands():
            await self._obey(command)

    async def _commands(self) -> list[ListeningCommand]:
        text = await self._next_text()
        if text is None:
            return self._flow.tick(self._now_s())
        return self._flow.receive(_read(text).as_flow(), self._now_s())

    async def _next_text(self) -> TextContent | None:
        """Return the next message, or None when the flow wants to be told the time."""
        wait_s = max(0.0, self._flow.deadline_s() - self._now_s())
        try:
            async with asyncio.timeout(wait_s):
                return await self._call.next_text()
        except TimeoutError:
            return None

    def _now_s(self) -> float:
        return self._call.services.clock.monotonic_s()

    async def _obey(self, command: ListeningCommand) -> None:
        match command:
            case Hear():
                await self._hear(command.audio)
            case CommitSegment():
                if self._source is None:
                    # Nothing was heard yet, so there is nothing that a recogniser could commit.
                    await self._say(messages.refused_commit(ErrorKind.COMMIT_THROTTLED.value))
                else:
                    self._source.commit()
            case Rest():
                self._give_place_back()

    async def _hear(self, audio: AudioContent) -> None:
        """(1)(4) Give audio to the recogniser; the first of it takes a place.

        raises: ListeningError(QUEUE_OVERFLOW) when more waits than may; EcholessError
        """
        if not self._has_place:
            plan = self._plan
            await self._call.open_ticket.ask(BeginGeneration(plan.query.model_id, plan.query.format_name, 0))
            self._has_place = True
        source = self._source or await self._open_source()
        if source.waiting_bytes + len(audio) > self._form.waiting_bytes_max:
            raise ListeningError(
                ErrorKind.QUEUE_OVERFLOW, ErrorCode.INVALID_MESSAGE, "More audio waits than a session may have."
            )
        source.add_audio(audio)
        self._audio_bytes += len(audio)
        self._call.traces.note("heard_bytes", self._audio_bytes)
        self._call.traces.note("newest_audio", audio)
        if self._kept is not None:
            await self._kept.keep_input_audio(audio)

    async def _open_source(self) -> ListeningSource:
        """(4) Begin with a recogniser, and with whoever sends what it says.

        raises: ListeningError(RESOURCE_EXHAUSTED) where there is none
        """
        call = self._call
        ticket_id, order = TicketId(call.grant.ticket_id), call.traces.asking(self._plan.order)
        try:
            await call.services.live.wait()
            source = self._exits.enter_context(call.services.live.listen(ticket_id, order))
        except EcholessError as error:
            code = error.code
        else:
            self._source = source
            if self._kept is not None:
                self._kept.keep_input_type(_PCM)
            self._group.create_task(self._send(source))
            return source
        raise ListeningError(ErrorKind.RESOURCE_EXHAUSTED, code, _NOBODY_FREE)

    def _give_place_back(self) -> None:
        if self._has_place:
            self._has_place = False
            self._call.open_ticket.post(EndGeneration())
            self._call.on_rest()

    # --- whoever sends ---

    async def _send(self, source: ListeningSource) -> None:
        while True:
            await self._pass(await source.next())

    async def _pass(self, part: LivePart) -> None:
        """(5) Send one part on.

        raises: ListeningError(TRANSCRIBER_ERROR) when the recogniser ends: it was not asked to
        """
        match part:
            case PartialText():
                await self._say(messages.partial(part.text))
            case CommittedText():
                self._keep(part)
                for message in messages.committed(part, self._plan.query):
                    await self._say(message)
            case CommitRefused():
                await self._say(messages.refused_commit(part.code))
            case JobDiagnosis():
                self._call.traces.note(ENGINE_FAILURE, part)
            case ListeningEnded():
                raise _failed(part.error_code)

    async def _say(self, message: dict[str, Any]) -> None:
        await self._call.say(messages.encoded(message))

    # --- keeping and closing ---

    def _keep(self, part: CommittedText) -> None:
        self._review.note(TextContent(f"{part.text} "))
        # The session may stay open for long: what has been answered is not remembered for what may still come.
        self._review.end()
        if self._kept is None:
            return
        if self._kept_words and part.words:
            before, after = self._kept_words[-1], part.words[0]
            self._kept_words.append(TranscriptWord(" ", WordKind.SPACING, before.end_s, after.start_s, 0.0))
        self._kept_words += part.words
        self._kept_language = self._kept_language or part.language_code

    def _transcript(self) -> TextContent:
        """Return what was committed, as one JSON text."""
        transcript = {
            "language_code": messages.long_code(self._kept_language) or "",
            "language_probability": 1.0,
            "text": "".join(word.text for word in self._kept_words),
            "words": messages.words_of(self._kept_words),
            "audio_duration_secs": self._form.duration_ms(self._audio_bytes) / 1000,
            "transcription_id": self._session_id,
        }
        return TextContent(msgspec.json.encode(transcript).decode())

    def _has_finished(self, ending: BaseException) -> bool:
        """Whether the client closed the session as one does that has finished."""
        return isinstance(ending, ClientLeftError) and self._call.left_code == NORMAL

    def _note(self, ending: BaseException) -> None:
        outcome = self._call.outcome
        if self._has_finished(ending):
            outcome.has_client_left, outcome.is_complete, outcome.http_status = False, True, NORMAL
        elif isinstance(ending, EcholessError) and not isinstance(ending, ClientLeftError):
            seal_failure(self._call, ending)
            problem = self._call.problem_for(ending)
            outcome.http_status, outcome.error_code = problem.close_code, problem.code
        elif not isinstance(ending, ClientLeftError):
            seal_failure(self._call, ending)

    def _close(self, ending: BaseException) -> None:
        """(7) Send what is kept, and close the ticket. Nobody waits: the client has gone, or is told."""
        self._note(ending)
        call = self._call
        has_heard = self._audio_bytes > 0
        outcome = replace(
            call.outcome, audio_bytes=self._audio_bytes, audio_ms=self._form.duration_ms(self._audio_bytes)
        )
        try:
            if self._kept is not None and has_heard:
                self._kept.keep_transcript(self._transcript())
            self._give_place_back()
            call.open_ticket.post(call.closing(outcome, has_spoken=has_heard))
        except EcholessError as error:
            # The vault that granted it is gone, and has closed it as aborted.
            call.services.journal.say(Event.TICKET_LOST, error=error.code.value)
        self._kept_words.clear()


def _failed(error_code: str) -> ListeningError:
    if error_code == ErrorCode.CONCURRENT_LIMIT_EXCEEDED.value:
        kind, code = ErrorKind.RESOURCE_EXHAUSTED, ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        return ListeningError(kind, code, _NOBODY_FREE)
    if error_code == ErrorCode.NOT_AVAILABLE.value:
        told = media_error(error_code, "").public_description
        return ListeningError(ErrorKind.INVALID_REQUEST, ErrorCode.NOT_AVAILABLE, told)
    return ListeningError(ErrorKind.TRANSCRIBER_ERROR, ErrorCode.ENGINE_UNAVAILABLE, "The recogniser has failed.")


def _read(text: TextContent) -> ListeningBody:
    """Return a message.

    raises: ListeningError for what is no message, UnprocessableError for a switch where it has no effect
    """
    names = "message"
    try:
        members = parse_object(text.reveal())
        if not names_switch(members):
            return ListeningBody.checked(members)
        names = ""
    except UnprocessableError as error:
        names = ", ".join(".".join(str(part) for part in item.location[1:]) for item in error.fields[:4]) or names
    if not names:
        raise misplaced_switch()
    raise input_error(f"These fields do not fit: {names}.", names)
