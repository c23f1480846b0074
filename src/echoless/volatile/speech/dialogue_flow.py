"""What the sockets of dialogue do: messages and the time in, commands out. (3)

One flow for both sockets: one has a single context without a name, the other up to five with names. A turn is what
one voice says without a break; it ends with a flush, another voice, `new_turn`, or its context.
source: the wire contract, text to dialogue, section 2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.generation_buffer import Piece
from echoless.volatile.speech.socket_flow import CONTEXTS_MAX, CloseSocket, FinishStream
from echoless.volatile.speech.turn_buffer import TurnBuffer

INACTIVITY_S: Final = 20.0
VoiceSettings = Mapping[str, float | bool]


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """What one voice says, and whether a turn of its own begins with it."""

    text: TextContent
    voice_id: str = field(repr=False)
    is_new_turn: bool = False


@dataclass(frozen=True, slots=True)
class DialogueMessage:
    """What a client said. None is what it did not say.

    sets_rules:   whether it names dictionaries
    context_id:   empty for none
    """

    voices: tuple[str, ...] | None = field(default=None, repr=False)
    voice_settings: VoiceSettings | None = None
    sets_rules: bool = False
    lines: tuple[DialogueLine, ...] = ()
    is_flush: bool = False
    keeps_alive: bool = False
    closes_context: bool = False
    closes_socket: bool = False
    context_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DialogueRules:
    """What a socket allows.

    voices_max:     how many voices a context may have
    characters_max: how much text may wait to be spoken
    """

    voices_max: int
    characters_max: int
    has_contexts: bool


@dataclass(frozen=True, slots=True)
class OpenDialogue:
    """Begin a stream of speech of these voices."""

    context_id: str = field(repr=False)
    voices: tuple[str, ...] = field(repr=False)
    voice_settings: VoiceSettings


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text in a stream.

    voice_id: who begins a turn with it; empty where the turn goes on
    """

    context_id: str = field(repr=False)
    voice_id: str = field(repr=False)
    piece: Piece


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The running turn of a stream is over, also one in which nothing was said."""

    context_id: str = field(repr=False)


DialogueCommand = OpenDialogue | Say | EndTurn | FinishStream | CloseSocket


def _wrong(message: str, param: str | None = None) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_MESSAGE, message, param=param)


class _Context:
    """One stream of turns, and its timer."""

    def __init__(self, context_id: str, voices: tuple[str, ...], rules: DialogueRules, now_s: float) -> None:
        self._id = context_id
        self._voices = frozenset(voices)
        self._buffer = TurnBuffer(rules.characters_max)
        self._voice_id = ""
        self._has_begun = False
        self._heard_s = now_s
        self._speaks = False

    @property
    def deadline_s(self) -> float | None:
        """When the client has been silent for too long; never while it is being spoken to."""
        return None if self._speaks else self._heard_s + INACTIVITY_S

    def hear(self, now_s: float) -> None:
        """Take note of a sign of life."""
        self._heard_s = max(self._heard_s, now_s)

    def add(self, message: DialogueMessage) -> list[DialogueCommand]:
        """Take lines and a flush."""
        commands: list[DialogueCommand] = []
        for index, line in enumerate(message.lines):
            if line.voice_id not in self._voices:
                raise _wrong("A voice may speak that the first message names.", f"inputs.{index}.voice_id")
            if self._voice_id and (line.is_new_turn or line.voice_id != self._voice_id):
                commands += self.end_turn()
            self._voice_id = line.voice_id
            commands += self._say(self._buffer.add(line.text.reveal()))
        if message.is_flush:
            # Answered even where nothing was said: its sender waits for the end of the turn.
            commands += self.end_turn() if self._voice_id else [EndTurn(self._id)]
        return commands

    def end_turn(self) -> list[DialogueCommand]:
        """End the running turn, if there is one."""
        commands = self._say(self._buffer.flush())
        if self._has_begun:
            commands.append(EndTurn(self._id))
        self._voice_id, self._has_begun = "", False
        return commands

    def drop(self) -> None:
        """Forget what has not been spoken: nobody waits for it any more."""
        self._buffer.flush()

    def rested(self, now_s: float) -> None:
        """Take note that all has been spoken; the client's silence counts from now."""
        self._speaks = False
        self.hear(now_s)

    def _say(self, pieces: list[Piece]) -> list[DialogueCommand]:
        commands: list[DialogueCommand] = []
        for piece in pieces:
            commands.append(Say(self._id, "" if self._has_begun else self._voice_id, piece))
            self._has_begun = self._speaks = True
        return commands


class DialogueFlow:
    """`stream-input` and `multi-stream-input` of dialogue."""

    def __init__(self, rules: DialogueRules, now_s: float) -> None:
        self._rules = rules
        self._idle_since_s = now_s
        self._contexts: dict[str, _Context] = {}
        self._is_closing = False

    def receive(self, message: DialogueMessage, now_s: float) -> list[DialogueCommand]:
        """Take a message.

        raises: EcholessError with the code of the error frame; the socket is closed then
        """
        if self._is_closing:
            return []
        self._idle_since_s = now_s
        context_id = message.context_id if self._rules.has_contexts else ""
        if message.closes_socket:
            said = self._say(context_id, message, now_s) if message.lines else []
            return [*said, *self._close(CloseSocket())]
        if self._rules.has_contexts and not context_id:
            return self._keep_all_alive(message, now_s)
        if message.closes_context and self._rules.has_contexts:
            said = self._say(context_id, message, now_s) if message.lines else []
            return [*said, *self._finish(context_id)]
        return self._say(context_id, message, now_s)

    def deadline_s(self) -> float | None:
        """Return when the flow wants to be told the time, or None."""
        if self._is_closing:
            return None
        if not self._contexts:
            return self._idle_since_s + INACTIVITY_S
        deadlines = (context.deadline_s for context in self._contexts.values())
        return min((deadline_s for deadline_s in deadlines if deadline_s is not None), default=None)

    def tick(self, now_s: float) -> list[DialogueCommand]:
        """Take note of the time: a silent context ends alone, a socket without any other is closed.

        raises: EcholessError(INPUT_TIMEOUT_EXCEEDED) when the client has been silent for too long
        """
        deadline_s = self.deadline_s()
        if deadline_s is None or now_s < deadline_s:
            return []
        if not self._contexts or not self._rules.has_contexts:
            raise _timed_out()
        late = [
            context_id
            for context_id, context in self._contexts.items()
            if context.deadline_s is not None and now_s >= context.deadline_s
        ]
        for context_id in late:
            self._contexts[context_id].drop()
        if len(late) == len(self._contexts):
            return self._close(CloseSocket(_timed_out()))
        return [command for context_id in late for command in self._finish(context_id)]

    def rested(self, context_id: str, now_s: float) -> None:
        """Take note that everything of a context has been spoken."""
        if context_id in self._contexts:
            self._contexts[context_id].rested(now_s)

    # --- inner ---

    def _say(self, context_id: str, message: DialogueMessage, now_s: float) -> list[DialogueCommand]:
        context = self._contexts.get(context_id)
        if context is not None:
            self._check_later(message)
            context.hear(now_s)
            return context.add(message)
        if message.keeps_alive and message.voices is None and not message.lines:
            return []  # There is no such context (any more), so there is nothing to keep alive.
        return self._open(context_id, message, now_s)

    def _open(self, context_id: str, message: DialogueMessage, now_s: float) -> list[DialogueCommand]:
        voices = tuple(dict.fromkeys(message.voices or ()))
        if not voices:
            raise _wrong("The first message names the voices.", "voices")
        if len(voices) > self._rules.voices_max:
            most = self._rules.voices_max
            raise _wrong(
                f"This model speaks with {'one voice' if most == 1 else f'at most {most} voices'}.", "voices"
            )
        if len(self._contexts) >= CONTEXTS_MAX:
            raise EcholessError(
                ErrorCode.MAX_ACTIVE_CONVERSATIONS, f"At most {CONTEXTS_MAX} contexts may be open at once."
            )
        context = self._contexts[context_id] = _Context(context_id, voices, self._rules, now_s)
        opened = OpenDialogue(context_id, voices, message.voice_settings or {})
        return [opened, *context.add(message)]

    def _check_later(self, message: DialogueMessage) -> None:
        if message.voices is not None:
            raise _wrong("Voices may be set in the first message only.", "voices")
        if message.voice_settings is not None:
            raise _wrong("Voice settings may be set in the first message only.", "voice_settings")
        if message.sets_rules:
            raise _wrong("Dictionaries are named in the first message only.", "pronunciation_dictionary_locators")

    def _keep_all_alive(self, message: DialogueMessage, now_s: float) -> list[DialogueCommand]:
        """Take a message without a context: only a sign of life needs none."""
        if not message.keeps_alive or message.lines or message.voices or message.is_flush:
            raise _wrong("Every message needs a context_id.", "context_id")
        for context in self._contexts.values():
            context.hear(now_s)
        return []

    def _finish(self, context_id: str) -> list[DialogueCommand]:
        context = self._contexts.pop(context_id, None)
        return [*context.end_turn(), FinishStream(context_id)] if context is not None else []

    def _close(self, closing: CloseSocket) -> list[DialogueCommand]:
        self._is_closing = True
        finished = [command for context_id in tuple(self._contexts) for command in self._finish(context_id)]
        return [*finished, closing]


def _timed_out() -> EcholessError:
    return EcholessError(ErrorCode.INPUT_TIMEOUT_EXCEEDED, f"No message came for {INACTIVITY_S:g} s.")
