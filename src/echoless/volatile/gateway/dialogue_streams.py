"""(1)-(7) One stream of a dialogue's socket: turns in as they come, messages out as they are made.

The audio of all turns is one encoded stream of one engine. Each turn is a generation with a ticket of its own: the
vault counts it, and what is kept of it is one item, committed before the client hears that the turn is over. The
next turn begins after that, so a stream holds one place, and an item has exactly what was heard of its turn.
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
from echoless.crossing.records import AlignmentPart, CloseTicket, DialogueLine, KeepText, SpeechEnded, VoiceGrant
from echoless.crossing.sinks import RetainingSink, sink_for
from echoless.crossing.socket_records import (
    BeginGeneration,
    EndGeneration,
    MoreText,
    SpeakOn,
    TextSpoken,
    TurnVoice,
)
from echoless.volatile.gateway.dialogue_messages import DialogueMessages
from echoless.volatile.gateway.moderating import Moderation, Review
from echoless.volatile.gateway.ogg_head import OggHead
from echoless.volatile.gateway.ports import EnginePort, OpenTicketPort, SpeechStreamSource
from echoless.volatile.gateway.speaking import WINDOW_BYTES, engine_error, kept_times
from echoless.volatile.gateway.speech_streams import StreamTotals
from echoless.volatile.gateway.traces import ENGINE_FAILURE, Traces
from echoless.volatile.speech.dialogue_flow import Say

_CREDIT_BYTES: Final = WINDOW_BYTES // 3
# Text that an engine has and has not spoken. Above this the socket is not read.
_UNSPOKEN_CHARACTERS_MAX: Final = 20_000
Closing = Callable[[StreamTotals], CloseTicket]


@dataclass(frozen=True, slots=True)
class DialogueParts:
    """What a stream is made with.

    socket_ticket: of the socket; each turn has one below it
    voices:        by the ids that the client uses
    settings:      of all voices, over their stored ones
    done:          makes the record that closes the ticket of a turn that ended well
    say:           sends a message to the client
    on_rest:       called whenever all text has been spoken
    traces:        takes note of text until it has been spoken, where a diagnosis may be made
    """

    engines: EnginePort
    moderation: Moderation
    socket_ticket: OpenTicketPort
    job: SpeakOn
    voices: dict[str, VoiceGrant] = field(repr=False)
    settings: dict[str, float | bool]
    model_id: str
    messages: DialogueMessages
    done: Closing
    say: Callable[[bytes], Awaitable[None]] = field(repr=False)
    on_rest: Callable[[], None] = field(repr=False)
    traces: Traces = field(default_factory=Traces)


class _Turn:
    """One turn: its ticket, and how much of it is still to be spoken. Without a ticket it is only an answer.

    is_pushed: whether nothing of it may stay in the encoder
    """

    def __init__(self, ticket: OpenTicketPort | None, review: Review | None = None) -> None:
        self.ticket = ticket
        self.review = review
        sink = sink_for(ticket) if ticket is not None else None
        # (2) A sink that takes no content is not asked to.
        self.kept = sink if isinstance(sink, RetainingSink) else None
        self.unspoken: deque[int] = deque()
        self.is_pushed = True
        self.has_all_text = ticket is None
        self.is_closed = ticket is None
        self.totals = StreamTotals()

    @property
    def is_over(self) -> bool:
        """Whether all of it has been spoken."""
        return self.has_all_text and not self.unspoken

    def forget(self) -> None:
        """Drop what the check remembers: a socket may stay open for long after its text was spoken."""
        if self.review is not None:
            self.review.end()


class DialogueStream:
    """One stream. Run `run` beside whoever feeds it; `close` it however it ends."""

    def __init__(self, parts: DialogueParts) -> None:
        self._parts = parts
        self._exits = ExitStack()
        self._source: SpeechStreamSource | None = None
        self._is_begun = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._turns: deque[_Turn] = deque()
        # Whoever feeds and whoever sends may both find a turn over; one at a time closes it.
        self._closing = asyncio.Lock()
        self._is_finishing = False
        self._uncredited_bytes = 0
        self._head = OggHead(parts.job.output_format)

    # --- what whoever feeds it calls ---

    async def speak(self, said: Say) -> None:
        """(1)(3)(4) Have a text spoken; returns once it has its place, and the engine room for more.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE, CONTENT_AGAINST_POLICY)
        """
        if said.voice_id:
            await self._has_room.wait()
            ticket = await self._parts.socket_ticket.open_context()
            self._turns.append(_Turn(ticket, self._parts.moderation.review(ticket)))
        turn, count = self._turns[-1], len(said.piece.text)
        assert turn.ticket is not None, "only a turn that began goes on"
        assert turn.review is not None, "who has a ticket is checked"
        parts = self._parts
        parts.traces.add("texts", said)
        await turn.review.check(said.piece.text)
        await turn.ticket.ask(BeginGeneration(parts.model_id, parts.job.output_format, count))
        self._keep(turn, said)
        source = self._source or self._open_engine()
        turn.totals.characters += count
        turn.unspoken.append(count)
        turn.is_pushed = said.piece.is_phrase_end
        source.add_text(MoreText(said.piece.text.reveal(), said.piece.is_phrase_end, self._voice_of(said)))
        if sum(turn.unspoken) > _UNSPOKEN_CHARACTERS_MAX:
            self._has_room.clear()
            await self._has_room.wait()

    async def end_turn(self) -> None:
        """Take note that the running turn is over; without one, answer once everything before has been spoken."""
        if self._turns and not self._turns[-1].has_all_text:
            self._end_text_of(self._turns[-1])
        else:
            await self._has_room.wait()
            self._turns.append(_Turn(None))
        self._has_room.clear()
        await self._close_spoken_turns()

    def _end_text_of(self, turn: _Turn) -> None:
        turn.has_all_text = True
        if not turn.is_pushed and self._source is not None:
            turn.unspoken.append(0)
            self._source.add_text(MoreText("", is_phrase_end=True))

    def finish(self) -> None:
        """Take note that no more text comes."""
        self._is_finishing = True
        if self._source is not None:
            self._source.end_text()
        self._is_begun.set()

    # --- what whoever sends it calls ---

    async def run(self) -> None:
        """(5) Send what is made until the end, without the final message.

        raises: EcholessError, ClientLeftError
        """
        await self._is_begun.wait()
        while self._source is not None and not await self._pass(await self._source.next()):
            pass
        await self._close_spoken_turns()

    async def end(self, closing: Closing) -> None:
        """(5) Say that the stream is final; all its turns have been closed."""
        assert not self._turns, "an engine ends after it has spoken everything"
        await self._parts.say(self._parts.messages.final())

    def close(self, closing: Closing) -> None:
        """(6)(7) Stop the engine where it still speaks, and close the tickets of all turns that did not end well.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._exits.close()
        self._source = None
        self._has_room.set()
        while self._turns:
            turn = self._turns.popleft()
            turn.forget()
            if turn.ticket is not None and not turn.is_closed:
                turn.is_closed = True
                turn.ticket.post(closing(turn.totals))

    # --- text ---

    def _voice_of(self, said: Say) -> TurnVoice | None:
        if not said.voice_id:
            return None
        voice = self._parts.voices[said.voice_id]
        return TurnVoice(voice.catalogue_id, {**voice.settings, **self._parts.settings})

    def _open_engine(self) -> SpeechStreamSource:
        parts = self._parts
        ticket_id = TicketId(parts.socket_ticket.grant.ticket_id)
        job = parts.traces.asking(parts.job)
        self._source = self._exits.enter_context(parts.engines.speak_on(ticket_id, job))
        self._is_begun.set()
        return self._source

    def _keep(self, turn: _Turn, said: Say) -> None:
        if turn.kept is None:
            return
        if not said.voice_id:
            turn.kept.keep_more_text(said.piece.text)
            return
        job = self._parts.job
        line = DialogueLine(said.piece.text.reveal(), said.voice_id, self._parts.voices[said.voice_id].name)
        turn.kept.keep_text(
            KeepText("", dict(self._parts.settings), job.seed, job.language_code or None, dialogue=[line])
        )

    # --- audio ---

    async def _pass(self, part: SpeechPart) -> bool:
        """Send one part on; return whether it was the last."""
        if isinstance(part, AudioContent):
            await self._pass_audio(part)
        elif isinstance(part, AlignmentPart):
            self._pass_times(part)
        elif isinstance(part, TextSpoken):
            await self._note_spoken(part)
        elif isinstance(part, JobDiagnosis):
            self._parts.traces.note(ENGINE_FAILURE, part)
        elif isinstance(part, SpeechEnded):
            if part.error_code:
                raise engine_error(part.error_code)
            await self._say_times_left()
            return True
        return False

    async def _pass_audio(self, audio: AudioContent) -> None:
        head = self._head.take(audio)
        # What an encoder adds at its very end belongs to the turn that was spoken last, if that is still open.
        turn = self._turns[0] if self._turns else None
        if turn is not None and turn.kept is not None:
            if not turn.totals.audio_bytes and len(head):
                await turn.kept.keep_audio(head)
            await turn.kept.keep_audio(audio)
        if turn is not None:
            turn.totals.audio_bytes += len(audio)
        await self._parts.say(self._parts.messages.audio(audio))
        self._uncredited_bytes += len(audio)
        if self._uncredited_bytes >= _CREDIT_BYTES and self._source is not None:
            self._source.credit(self._uncredited_bytes)
            self._uncredited_bytes = 0

    def _pass_times(self, part: AlignmentPart) -> None:
        self._parts.messages.take_times(part)
        turn = self._turns[0] if self._turns else None
        if turn is not None and turn.kept is not None:
            for record in kept_times(part):
                turn.kept.keep_alignment(record)

    async def _note_spoken(self, spoken: TextSpoken) -> None:
        """(7) Give the place back; a turn of which everything has been spoken is over."""
        turn = self._turns[0] if self._turns else None
        if turn is None or turn.ticket is None or not turn.unspoken:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "an engine spoke a text that it was not given")
        turn.totals.audio_ms += spoken.audio_ms
        if turn.unspoken.popleft():
            turn.ticket.post(EndGeneration())
        if turn.has_all_text:
            if not self._is_finishing:
                # Else the end of the encoder's stream still belongs to the turn.
                await self._close_spoken_turns()
        elif sum(turn.unspoken) <= _UNSPOKEN_CHARACTERS_MAX:
            self._has_room.set()
        if not any(turn.unspoken for turn in self._turns):
            for turn in self._turns:
                turn.forget()
            await self._say_times_left()
            self._parts.traces.drop("texts")
            self._parts.on_rest()

    async def _close_spoken_turns(self) -> None:
        """(5)(7) Commit the turns that are over, in order; only then is each final for the client."""
        async with self._closing:
            while self._turns and self._turns[0].is_over:
                turn = self._turns[0]
                await self._say_times_left()
                if turn.ticket is not None:
                    turn.is_closed = True
                    closing = self._parts.done(turn.totals)
                    if turn.kept is None:
                        turn.ticket.post(closing)
                    else:
                        await turn.kept.seal(closing)
                self._turns.popleft()
                await self._parts.say(self._parts.messages.turn_done())
            if not self._turns:
                self._has_room.set()

    async def _say_times_left(self) -> None:
        left = self._parts.messages.times_left()
        if left:
            await self._parts.say(left)
