"""What the gateway needs from outside: a vault, engines, a clock, a journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from echoless.core.clock import Clock
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError
from echoless.core.ids import TicketId
from echoless.core.journal import Journal
from echoless.crossing.client import SpeechPart
from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.egress_client import EgressLinks, OutboundClient
from echoless.crossing.live_client import LivePart, LivePool
from echoless.crossing.live_records import Listen
from echoless.crossing.media_client import MediaPart, MediaPool
from echoless.crossing.media_records import Convert, RenderTranscript, Transcribe
from echoless.crossing.records import OpenTicket, Record, Speak
from echoless.crossing.remote_client import RemotePool
from echoless.crossing.sinks import TicketPort
from echoless.crossing.socket_records import MoreText, SpeakOn
from echoless.volatile.gateway.moderating import Moderation

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

    @property
    def is_revoked(self) -> bool:
        """Whether the vault has taken it back."""
        ...

    def when_revoked(self, act: Callable[[], object]) -> None:
        """Have something done when the vault takes the ticket back."""
        ...

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

    async def ask(self, question: Record) -> Record:
        """Ask about the server, which takes no ticket."""
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


class InputPort(Protocol):
    """A job that is given a recording."""

    async def send_input(self, audio: AudioContent) -> None:
        """Send the next bytes; waits until the job takes them."""
        ...

    async def end_input(self) -> None:
        """Say that no more comes."""
        ...

    def abandon(self, failure: EcholessError | None = None) -> None:
        """Give the job up; whoever waits for its next part is told so, by default that the client left."""
        ...


class MediaSource(InputPort, Protocol):
    """A job that is given a recording, and whatever it makes of it."""

    async def next(self) -> MediaPart:
        """Return the next part; SpeechEnded, TranscriptEnded or DocumentsEnded is the last."""
        ...

    def credit(self, taken_bytes: int) -> None:
        """Tell the job that the client took so many bytes of what was made."""
        ...


class MediaPort(Protocol):
    """Whoever converts and recognises recordings."""

    @property
    def process_count(self) -> int:
        """Processes that live."""
        ...

    def convert(self, ticket: TicketId, order: Convert) -> AbstractContextManager[MediaSource]:
        """(4) Begin a job of conversion."""
        ...

    def transcribe(self, ticket: TicketId, order: Transcribe) -> AbstractContextManager[MediaSource]:
        """(4) Begin a job of recognition."""
        ...

    def render(self, ticket: TicketId, order: RenderTranscript) -> AbstractContextManager[MediaSource]:
        """(5) Begin to make files of a transcript."""
        ...


class ListeningSource(Protocol):
    """A session of live recognition."""

    @property
    def waiting_bytes(self) -> int:
        """Audio that was sent and has not been heard yet."""
        ...

    def add_audio(self, audio: AudioContent) -> None:
        """Send the next audio."""
        ...

    def commit(self) -> None:
        """Ask for the open segment to be closed."""
        ...

    async def next(self) -> LivePart:
        """Return the next part; ListeningEnded is the last. Somebody must always wait here."""
        ...


class LivePort(Protocol):
    """Whoever listens to live audio."""

    @property
    def process_count(self) -> int:
        """Processes that live."""
        ...

    async def wait(self) -> None:
        """Wait until there is anybody who listens."""
        ...

    def listen(self, ticket: TicketId, order: Listen) -> AbstractContextManager[ListeningSource]:
        """(4) Begin a session."""
        ...


@dataclass(slots=True)
class HeldBytes:
    """How much of all uploads of this gateway is in memory."""

    total: int = 0


@dataclass(slots=True)
class Duty:
    """What this gateway is there for.

    is_draining: it ends what runs and takes no new work
    """

    is_draining: bool = False


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """Everything a request may use."""

    vault: VaultPort
    engines: EnginePort
    clock: Clock
    journal: Journal
    held: HeldBytes = field(default_factory=HeldBytes)
    duty: Duty = field(default_factory=Duty)
    media: MediaPort = field(default_factory=MediaPool)
    live: LivePort = field(default_factory=LivePool)
    outbound: OutboundClient = field(default_factory=lambda: OutboundClient(EgressLinks()))
    remotes: RemotePool = field(default_factory=lambda: RemotePool(EgressLinks()))
    moderation: Moderation = field(default_factory=Moderation)
