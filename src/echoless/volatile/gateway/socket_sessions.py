"""One socket of text to speech: what its messages mean, and the streams they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import Model
from echoless.crossing.records import PronunciationRule
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.bodies import names_switch, parse_object
from echoless.volatile.gateway.problems import misplaced_switch
from echoless.volatile.gateway.schemas.text_to_speech_sockets import SpeechSocketMessage
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_credentials import no_credential
from echoless.volatile.gateway.socket_messages import SocketMessages
from echoless.volatile.gateway.speech_checks import dictionary_rules
from echoless.volatile.gateway.speech_streams import SpeechStream, StreamParts
from echoless.volatile.gateway.stream_sessions import StreamSession
from echoless.volatile.speech.socket_flow import Generate, OpenStream, SocketFlow, VoiceSettings


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


class SpeechSession(StreamSession):
    """One socket; `run` returns after a normal close."""

    def __init__(self, call: SocketCall, plan: SocketPlan) -> None:
        super().__init__(call, plan.flow)
        self._plan = plan
        self._rules: dict[str, list[PronunciationRule]] = {}

    async def _hear(self, text: TextContent) -> Sequence[object]:
        message = _read(text)
        if self._call.ticket is None:
            await self._admit(message.credential(), no_credential())
        await self._learn_rules(message)
        return self._plan.flow.receive(message.as_flow(), self._now_s())

    async def _learn_rules(self, message: SpeechSocketMessage) -> None:
        """Ask for the dictionaries that a first message names; its stream speaks by their rules."""
        locators = message.pronunciation_dictionary_locators
        if not locators:
            return
        context_id = message.as_flow().context_id
        if context_id in self._running:
            raise EcholessError(ErrorCode.INVALID_MESSAGE, "Dictionaries are named in the first message only.")
        self._rules[context_id] = await dictionary_rules(self._call.open_ticket, locators, self._plan.model)

    async def _follow(self, command: object) -> None:
        if isinstance(command, OpenStream):
            await self._open(command)
        elif isinstance(command, Generate):
            stream = self._running[command.context_id].stream
            assert isinstance(stream, SpeechStream), "this session opens no other"
            await stream.speak(command.piece)

    async def _open(self, command: OpenStream) -> None:
        await self._wait_for_namesake(command.context_id)
        call = self._call
        ticket = await call.open_ticket.open_context() if self._plan.has_contexts else call.open_ticket
        context_id = command.context_id
        parts = StreamParts(
            engines=call.services.engines,
            review=call.services.moderation.review(ticket),
            ticket=ticket,
            job=self._plan.job(command.voice_settings, self._rules.pop(context_id, [])),
            model_id=self._plan.model.model_id,
            messages=SocketMessages(
                context_id if self._plan.has_contexts else None, retention=ticket.grant.mode.value
            ),
            say=call.say,
            on_rest=lambda: self._rest(context_id),
            traces=call.traces,
        )
        stream = SpeechStream(parts)
        # From here on the stream closes its ticket, which is the socket's own where it has no contexts.
        call.is_ticket_closed = call.is_ticket_closed or not self._plan.has_contexts
        self._start(context_id, stream)


def _read(text: TextContent) -> SpeechSocketMessage:
    members = parse_object(text.reveal())
    if names_switch(members):
        raise misplaced_switch()
    return SpeechSocketMessage.checked(members)
