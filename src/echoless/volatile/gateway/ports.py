"""What the gateway needs from outside: a vault, engines, a clock, a journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from echoless.core.clock import Clock
from echoless.core.content import AudioContent
from echoless.core.ids import TicketId
from echoless.core.journal import Journal
from echoless.crossing.client import SpeechPart
from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.records import OpenTicket, Record, Speak
from echoless.crossing.sinks import TicketPort
from echoless.crossing.socket_records import MoreText, SpeakOn

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class AnswersPort(Protocol):
    """A question with several answers."""

    def post(self, record: Record) -> None:
        """Send a record of this exchange."""
        ...

    async def next(self) -> Record | AudioContent:
        """Return the next answer."""
        ...


class OpenTicketPort(TicketPort, Protocol):
    """An open ticket."""

    async def open_context(self) -> OpenTicketPort:
        """Ask for a ticket below this one, with the same decision."""
        ...

    def read(self) -> AbstractContextManager[AnswersPort]:
        """Begin a question with several answers."""
        ...


class VaultPort(Protocol):
    """The vault."""

    @property
    def is_connected(self) -> bool:
        """Whether there is a vault to ask."""
        ...

    async def open_ticket(self, question: OpenTicket) -> OpenTicketPort:
        """(1) Ask for a ticket."""
        ...


class SpeechSource(Protocol):
    """Whatever parts of speech come from."""

    async def next(self) -> SpeechPart:
        """Return the next part; SpeechEnded is the last."""
        ...

    def credit(self, taken_bytes: int) -> None:
        """Tell the engine that the client took so many bytes."""
        ...

    def abandon(self) -> None:
        """Take note that nobody listens."""
        ...


class SpeechStreamSource(SpeechSource, Protocol):
    """Speech whose text comes piece by piece."""

    def add_text(self, more: MoreText) -> None:
        """Give more text."""
        ...

    def end_text(self) -> None:
        """Say that no more text comes."""
        ...


class SpeechPort(Protocol):
    """Whoever takes jobs of synthesis."""

    def speak(self, ticket: TicketId, job: Speak | DialogueSpeak) -> AbstractContextManager[SpeechSource]:
        """(4) Begin a job."""
        ...

    def speak_on(self, ticket: TicketId, job: SpeakOn) -> AbstractContextManager[SpeechStreamSource]:
        """(4) Begin a job whose text comes later."""
        ...


class EnginePort(SpeechPort, Protocol):
    """The engines."""

    @property
    def engine_count(self) -> int:
        """Engines that live."""
        ...


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """Everything a request may use."""

    vault: VaultPort
    engines: EnginePort
    clock: Clock
    journal: Journal
