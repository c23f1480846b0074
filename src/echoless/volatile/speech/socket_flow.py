"""What the text sockets do: messages and the time in, commands out. (3)

A `StreamFlow` is one stream of text, a `ContextsFlow` up to five that share a socket. Neither knows of sockets,
engines or retention. Time is a number that only ever grows.
source: the wire contract, text to speech, sections 2 and 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.generation_buffer import DEFAULT_SCHEDULE, BufferRules, GenerationBuffer, Piece

CONTEXTS_MAX: Final = 5
VoiceSettings = Mapping[str, float | bool]


@dataclass(frozen=True, slots=True)
class SocketMessage:
    """What a client said. None is what it did not say.

    context_id: empty for the default context
    """

    text: TextContent | None
    tries_generation: bool = False
    is_flush: bool = False
    voice_settings: VoiceSettings | None = None
    schedule: tuple[int, ...] | None = None
    context_id: str = field(default="", repr=False)
    closes_context: bool = False
    closes_socket: bool = False


@dataclass(frozen=True, slots=True)
class OpenStream:
    """Begin a stream of speech."""

    context_id: str = field(repr=False)
    voice_settings: VoiceSettings


@dataclass(frozen=True, slots=True)
class Generate:
    """Speak a text in a stream."""

    context_id: str = field(repr=False)
    piece: Piece


@dataclass(frozen=True, slots=True)
class FinishStream:
    """No more text comes for a stream: send what is left, then its final message."""

    context_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Close once every stream is final: normally, or because nobody has said anything for too long."""

    error: EcholessError | None = None


Command = OpenStream | Generate | FinishStream | CloseSocket


class SocketFlow(Protocol):
    """Either of the two flows."""

    def receive(self, message: SocketMessage, now_s: float) -> list[Command]:
        """Take a message.

        raises: EcholessError with the code of the error frame; the socket is closed then
        """
        ...

    def deadline_s(self) -> float | None:
        """Return when the flow wants to be told the time, or None."""
        ...

    def tick(self, now_s: float) -> list[Command]:
        """Take note of the time.

        raises: EcholessError(INPUT_TIMEOUT_EXCEEDED) when the client has been silent for too long
        """
        ...

    def rested(self, context_id: str, now_s: float) -> None:
        """Take note that everything of a stream has been spoken."""
        ...


def _wrong(message: str, param: str | None = None) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_MESSAGE, message, param=param)


class _Stream:
    """One stream of text with what was set at its beginning, and its timer."""

    def __init__(self, first: SocketMessage, rules: BufferRules, inactivity_s: float, now_s: float) -> None:
        self.voice_settings: VoiceSettings = first.voice_settings or {}
        self._schedule = first.schedule
        self._buffer = GenerationBuffer(rules, first.schedule or DEFAULT_SCHEDULE)
        self._inactivity_s = inactivity_s
        self._heard_s = now_s
        self._speaks = False

    @property
    def deadline_s(self) -> float | None:
        """When the client has been silent for too long; never while it is being spoken to."""
        return None if self._speaks else self._heard_s + self._inactivity_s

    def hear(self, message: SocketMessage, now_s: float) -> None:
        """Take note of a sign of life, and that nothing that was set is set otherwise."""
        self._heard_s = now_s
        if message.voice_settings and message.voice_settings != self.voice_settings:
            raise _wrong("Voice settings are set by the first message and cannot change.", "voice_settings")
        if message.schedule is not None and message.schedule != self._schedule:
            raise _wrong(
                "The generation config is set by the first message and cannot change.", "generation_config"
            )

    def add(self, message: SocketMessage) -> list[Piece]:
        """Take the text of a message and return what is to be spoken now."""
        text = message.text.reveal() if message.text is not None else ""
        pieces = self._buffer.add(text, tries_generation=message.tries_generation) if text else []
        if message.is_flush:
            pieces += self._buffer.flush()
            if len(pieces) > 1:
                # A flush takes the whole buffer, in one go.
                pieces = [Piece(TextContent("".join(piece.text.reveal() for piece in pieces)), is_phrase_end=True)]
        self._speaks = self._speaks or bool(pieces)
        return pieces

    def rest(self) -> list[Piece]:
        """Return everything that is left."""
        return self._buffer.flush()

    def rested(self, now_s: float) -> None:
        """Take note that all has been spoken; the client's silence counts from now."""
        self._speaks = False
        self._heard_s = max(self._heard_s, now_s)


class StreamFlow:
    """`stream-input`: a first message, text, an end."""

    def __init__(self, rules: BufferRules, inactivity_s: float, now_s: float) -> None:
        self._rules = rules
        self._inactivity_s = inactivity_s
        self._began_s = now_s
        self._stream: _Stream | None = None
        self._is_ended = False

    def receive(self, message: SocketMessage, now_s: float) -> list[Command]:
        """Take a message; see SocketFlow."""
        if message.text is None:
            raise _wrong("Every message needs a text.", "text")
        if self._is_ended:
            return []
        if self._stream is None:
            return self._begin(message, now_s)
        self._stream.hear(message, now_s)
        if not len(message.text):
            self._is_ended = True
            return [*_generate("", self._stream.rest()), FinishStream(""), CloseSocket()]
        return _generate("", self._stream.add(message))

    def deadline_s(self) -> float | None:
        """Return when the client has been silent for too long."""
        if self._is_ended:
            return None
        return self._stream.deadline_s if self._stream else self._began_s + self._inactivity_s

    def tick(self, now_s: float) -> list[Command]:
        """Take note of the time; see SocketFlow."""
        deadline_s = self.deadline_s()
        if deadline_s is not None and now_s >= deadline_s:
            raise _timed_out(self._inactivity_s)
        return []

    def rested(self, context_id: str, now_s: float) -> None:
        """Take note that everything has been spoken."""
        if self._stream is not None:
            self._stream.rested(now_s)

    def _begin(self, message: SocketMessage, now_s: float) -> list[Command]:
        if message.text is None or not message.text.reveal().isspace():
            raise _wrong("The first message has a text of one space.", "text")
        self._stream = _Stream(message, self._rules, self._inactivity_s, now_s)
        return [OpenStream("", self._stream.voice_settings)]


class ContextsFlow:
    """`multi-stream-input`: streams side by side, each with a name."""

    def __init__(self, rules: BufferRules, inactivity_s: float, now_s: float) -> None:
        self._rules = rules
        self._inactivity_s = inactivity_s
        self._idle_since_s = now_s
        self._streams: dict[str, _Stream] = {}
        self._is_closing = False

    def receive(self, message: SocketMessage, now_s: float) -> list[Command]:
        """Take a message; see SocketFlow."""
        if self._is_closing:
            return []
        self._idle_since_s = now_s
        if message.closes_socket:
            self._is_closing = True
            finished: list[Command] = [FinishStream(context_id) for context_id in self._streams]
            self._streams.clear()
            return [*finished, CloseSocket()]
        context_id = message.context_id
        if message.closes_context:
            # What was not flushed is dropped; what was is being spoken already.
            return [FinishStream(context_id)] if self._streams.pop(context_id, None) else []
        if message.text is None and not message.is_flush:
            raise _wrong("Every message needs a text, a flush or a close.", "text")
        return self._add(context_id, message, now_s)

    def deadline_s(self) -> float | None:
        """Return when the first context, or a socket without any, has been silent for too long."""
        if self._is_closing:
            return None
        if not self._streams:
            return self._idle_since_s + self._inactivity_s
        deadlines = (stream.deadline_s for stream in self._streams.values())
        return min((deadline_s for deadline_s in deadlines if deadline_s is not None), default=None)

    def tick(self, now_s: float) -> list[Command]:
        """Take note of the time: a silent context ends alone, a socket without contexts is closed."""
        if self._is_closing:
            return []
        late = [
            context_id
            for context_id, stream in self._streams.items()
            if stream.deadline_s is not None and now_s >= stream.deadline_s
        ]
        for context_id in late:
            del self._streams[context_id]
        finished: list[Command] = [FinishStream(context_id) for context_id in late]
        if late and not self._streams:
            self._is_closing = True
            return [*finished, CloseSocket(_timed_out(self._inactivity_s))]
        if not self._streams and now_s >= self._idle_since_s + self._inactivity_s:
            raise _timed_out(self._inactivity_s)
        return finished

    def rested(self, context_id: str, now_s: float) -> None:
        """Take note that everything of a context has been spoken."""
        if context_id in self._streams:
            self._streams[context_id].rested(now_s)

    def _add(self, context_id: str, message: SocketMessage, now_s: float) -> list[Command]:
        stream = self._streams.get(context_id)
        opened: list[Command] = []
        if stream is None:
            if message.text is not None and not len(message.text) and not message.is_flush:
                # It keeps nothing alive: there is no such context (any more).
                return []
            if len(self._streams) >= CONTEXTS_MAX:
                raise EcholessError(
                    ErrorCode.MAX_ACTIVE_CONVERSATIONS, f"At most {CONTEXTS_MAX} contexts may be open at once."
                )
            stream = self._streams[context_id] = _Stream(message, self._rules, self._inactivity_s, now_s)
            opened.append(OpenStream(context_id, stream.voice_settings))
        else:
            stream.hear(message, now_s)
        return [*opened, *_generate(context_id, stream.add(message))]


def _generate(context_id: str, pieces: list[Piece]) -> list[Command]:
    return [Generate(context_id, piece) for piece in pieces]


def _timed_out(inactivity_s: float) -> EcholessError:
    return EcholessError(ErrorCode.INPUT_TIMEOUT_EXCEEDED, f"No message came for {inactivity_s:g} s.")
