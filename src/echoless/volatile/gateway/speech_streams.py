"""(1)-(7) One stream of speech of a socket: text in as it comes, messages out as they are made.

Each text is a generation of its own: the vault gives it a place and counts it, and gets the place back when it has
been spoken. What is kept of a stream is one item: all its texts and all its audio.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.client import SpeechPart
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.records import AlignmentPart, CloseTicket, KeepText, SpeechEnded
from echoless.crossing.sinks import RetainingSink, sink_for
from echoless.crossing.socket_records import BeginGeneration, EndGeneration, MoreText, SpeakOn, TextSpoken
from echoless.volatile.gateway.moderating import Review
from echoless.volatile.gateway.ports import EnginePort, OpenTicketPort, SpeechStreamSource
from echoless.volatile.gateway.socket_messages import SocketMessages
from echoless.volatile.gateway.speaking import WINDOW_BYTES, engine_error, kept_times
from echoless.volatile.gateway.traces import ENGINE_FAILURE, Traces
from echoless.volatile.speech.generation_buffer import Piece

_CREDIT_BYTES: Final = WINDOW_BYTES // 3
# Text that an engine has and has not spoken. Above this the socket is not read.
_UNSPOKEN_CHARACTERS_MAX: Final = 20_000


@dataclass(slots=True)
class StreamTotals:
    """What a stream has come to, for its close."""

    characters: int = 0
    audio_bytes: int = 0
    audio_ms: int = 0


@dataclass(frozen=True, slots=True)
class StreamParts:
    """What a stream is made with.

    say:     sends a message to the client
    on_rest: called whenever all text has been spoken
    review:  checks the text before it is spoken
    traces:  takes note of text until it has been spoken, where a diagnosis may be made
    """

    engines: EnginePort
    review: Review
    ticket: OpenTicketPort
    job: SpeakOn
    model_id: str
    messages: SocketMessages
    say: Callable[[bytes], Awaitable[None]] = field(repr=False)
    on_rest: Callable[[], None] = field(repr=False)
    traces: Traces = field(default_factory=Traces)


class SpeechStream:
    """One stream. Run `run` beside whoever feeds it; `close` it however it ends."""

    def __init__(self, parts: StreamParts) -> None:
        self._parts = parts
        sink = sink_for(parts.ticket)
        # (2) A sink that takes no content is not asked to.
        self._kept = sink if isinstance(sink, RetainingSink) else None
        self._exits = ExitStack()
        self._source: SpeechStreamSource | None = None
        self._is_begun = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._unspoken: deque[int] = deque()
        self._uncredited_bytes = 0
        self._is_closed = False
        self.totals = StreamTotals()

    async def speak(self, piece: Piece) -> None:
        """(1)(3)(4) Have a text spoken; returns once it has its place, and the engine room for more.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE, CONTENT_AGAINST_POLICY)
        """
        parts, count = self._parts, len(piece.text)
        parts.traces.add("texts", piece.text)
        await parts.review.check(piece.text)
        await parts.ticket.ask(BeginGeneration(parts.model_id, parts.job.output_format, count))
        self._keep(piece)
        if self._source is None:
            ticket_id = TicketId(parts.ticket.grant.ticket_id)
            job = parts.traces.asking(parts.job)
            self._source = self._exits.enter_context(parts.engines.speak_on(ticket_id, job))
            self._is_begun.set()
        self.totals.characters += count
        self._unspoken.append(count)
        self._source.add_text(MoreText(piece.text.reveal(), piece.is_phrase_end))
        if sum(self._unspoken) > _UNSPOKEN_CHARACTERS_MAX:
            self._has_room.clear()
            await self._has_room.wait()

    def finish(self) -> None:
        """Take note that no more text comes."""
        if self._source is not None:
            self._source.end_text()
        self._is_begun.set()

    async def run(self) -> None:
        """(5) Send what is made until the end, without the final message.

        raises: EcholessError, ClientLeftError
        """
        await self._is_begun.wait()
        if self._source is None:
            return
        while not await self._pass(await self._source.next()):
            pass

    async def end(self, closing: Callable[[StreamTotals], CloseTicket]) -> None:
        """(5)(7) Commit what is kept, if anything was said; only then is the stream final for its client.

        raises: EcholessError when it could not be kept
        """
        if self._kept is not None and self.totals.characters:
            self._is_closed = await self._kept.seal(closing(self.totals))
        await self._parts.say(self._parts.messages.final())

    def close(self, closing: Callable[[StreamTotals], CloseTicket]) -> None:
        """(6)(7) Stop the engine where it still speaks, and close the ticket.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._exits.close()
        self._parts.review.end()
        self._source = None
        self._has_room.set()
        if not self._is_closed:
            self._is_closed = True
            self._parts.ticket.post(closing(self.totals))

    # --- inner ---

    def _keep(self, piece: Piece) -> None:
        if self._kept is None:
            return
        if self.totals.characters:
            self._kept.keep_more_text(piece.text)
            return
        job = self._parts.job
        language = job.language_code or None
        self._kept.keep_text(KeepText(piece.text.reveal(), dict(job.settings), job.seed, language))

    async def _pass(self, part: SpeechPart) -> bool:
        """Send one part on; return whether it was the last."""
        messages = self._parts.messages
        if isinstance(part, AudioContent):
            await self._pass_audio(part)
        elif isinstance(part, AlignmentPart):
            messages.take_times(part)
            if self._kept is not None:
                for record in kept_times(part):
                    self._kept.keep_alignment(record)
        elif isinstance(part, TextSpoken):
            await self._note_spoken(part)
        elif isinstance(part, JobDiagnosis):
            self._parts.traces.note(ENGINE_FAILURE, part)
        elif isinstance(part, SpeechEnded):
            if part.error_code:
                raise engine_error(part.error_code)
            await self._say_times_left()
            self.totals.audio_ms = part.audio_ms
            return True
        return False

    async def _pass_audio(self, audio: AudioContent) -> None:
        if self._kept is not None:
            await self._kept.keep_audio(audio)
        self.totals.audio_bytes += len(audio)
        await self._parts.say(self._parts.messages.audio(audio))
        self._uncredited_bytes += len(audio)
        if self._uncredited_bytes >= _CREDIT_BYTES and self._source is not None:
            self._source.credit(self._uncredited_bytes)
            self._uncredited_bytes = 0

    async def _note_spoken(self, spoken: TextSpoken) -> None:
        """(7) Give the place back; what waits for audio that is still in the encoder waits no longer."""
        if not self._unspoken:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "an engine spoke a text that it was not given")
        self._unspoken.popleft()
        self.totals.audio_ms += spoken.audio_ms
        self._parts.ticket.post(EndGeneration())
        if sum(self._unspoken) <= _UNSPOKEN_CHARACTERS_MAX:
            self._has_room.set()
        if not self._unspoken:
            # A socket may stay open for long: what has been spoken is not remembered for what may still come.
            self._parts.review.end()
            self._parts.traces.drop("texts")
            await self._say_times_left()
            self._parts.on_rest()

    async def _say_times_left(self) -> None:
        left = self._parts.messages.times_left()
        if left:
            await self._parts.say(left)
