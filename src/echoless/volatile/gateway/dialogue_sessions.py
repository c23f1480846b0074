"""One socket of text to dialogue: what its messages mean, and the streams they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import Model
from echoless.crossing.dialogue_records import ResolveVoices, VoicesResolved
from echoless.crossing.records import PronunciationRule, VoiceGrant
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.bodies import names_switch, parse_object
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.dialogue_messages import DialogueMessages
from echoless.volatile.gateway.dialogue_streams import DialogueParts, DialogueStream
from echoless.volatile.gateway.problems import misplaced_switch
from echoless.volatile.gateway.schemas.text_to_dialogue_sockets import DialogueSocketMessage
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_problems import NORMAL
from echoless.volatile.gateway.speech_checks import dictionary_rules
from echoless.volatile.gateway.stream_sessions import StreamSession
from echoless.volatile.speech.dialogue_flow import DialogueFlow, EndTurn, OpenDialogue, Say


@dataclass(frozen=True, slots=True)
class DialoguePlan:
    """What a socket does.

    job:         the engine's job of a stream, from its first voice and its rules of pronunciation
    shows_times: whether messages of audio state times
    """

    flow: DialogueFlow
    job: Callable[[VoiceGrant, list[PronunciationRule]], SpeakOn]
    model: Model
    has_contexts: bool
    shows_times: bool


class DialogueSession(StreamSession):
    """One socket; `run` returns after a normal close."""

    def __init__(self, call: SocketCall, plan: DialoguePlan) -> None:
        super().__init__(call, plan.flow)
        self._plan = plan
        self._has_heard = False
        self._rules: list[PronunciationRule] = []

    async def _hear(self, text: TextContent) -> Sequence[object]:
        message = _read(text)
        credential = message.credential()
        if self._call.ticket is None:
            await self._admit(credential, _not_authenticated())
        elif self._has_heard and credential is not None:
            raise EcholessError(ErrorCode.INVALID_MESSAGE, "A credential is shown in the first message only.")
        self._has_heard = True
        commands = self._plan.flow.receive(message.as_flow(), self._now_s())
        locators = message.pronunciation_dictionary_locators
        if locators:
            self._rules = await dictionary_rules(self._call.open_ticket, locators, self._plan.model)
        return commands

    async def _follow(self, command: object) -> None:
        if isinstance(command, OpenDialogue):
            await self._open(command)
        elif isinstance(command, Say | EndTurn):
            stream = self._running[command.context_id].stream
            assert isinstance(stream, DialogueStream), "this session opens no other"
            await (stream.speak(command) if isinstance(command, Say) else stream.end_turn())

    async def _open(self, command: OpenDialogue) -> None:
        await self._wait_for_namesake(command.context_id)
        call, context_id = self._call, command.context_id
        voices = await self._voices(command.voices)
        rules, self._rules = self._rules, []
        parts = DialogueParts(
            engines=call.services.engines,
            moderation=call.services.moderation,
            socket_ticket=call.open_ticket,
            job=self._plan.job(voices[command.voices[0]], rules),
            voices=voices,
            settings=dict(command.voice_settings),
            model_id=self._plan.model.model_id,
            messages=DialogueMessages(
                context_id if self._plan.has_contexts else None,
                shows_times=self._plan.shows_times,
                retention=call.grant.mode.value,
            ),
            done=self._closing(Outcome(http_status=NORMAL, is_complete=True)),
            say=call.say,
            on_rest=lambda: self._rest(context_id),
            traces=call.traces,
        )
        self._start(context_id, DialogueStream(parts))

    async def _voices(self, voice_ids: tuple[str, ...]) -> dict[str, VoiceGrant]:
        """Return the voices by their ids.

        raises: EcholessError(VOICE_NOT_FOUND), RequestRefusedError
        """
        answer = await self._call.open_ticket.ask(ResolveVoices(list(voice_ids)))
        assert isinstance(answer, VoicesResolved)
        found: dict[str, VoiceGrant] = {}
        for index, (voice_id, voice) in enumerate(zip(voice_ids, answer.voices, strict=True)):
            if voice is None:
                raise EcholessError(
                    ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.", param=f"voices.{index}"
                )
            found[voice_id] = voice
        return found


def _read(text: TextContent) -> DialogueSocketMessage:
    members = parse_object(text.reveal())
    if names_switch(members):
        raise misplaced_switch()
    return DialogueSocketMessage.checked(members)


def _not_authenticated() -> EcholessError:
    return EcholessError(
        ErrorCode.AUTHENTICATION_REQUIRED,
        "A credential is needed: in the handshake, or in the first message.",
    )
