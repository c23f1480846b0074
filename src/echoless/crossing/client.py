"""The gateway's side of its links: the vault, and the engines.

Ends of links come and go with the processes behind them. A link that broke fails what was under way on it at once;
until the supervisor sends a new end, whoever asks is told to come again.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self
from weakref import WeakValueDictionary

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.account_records import TicketRevoked
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.dialogue_records import DIALOGUE_RECORDS, DialogueSpeak, VoiceRun
from echoless.crossing.link import Exchange, Link
from echoless.crossing.moderation_records import MODERATION_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.receipt_records import NoteScrubbed
from echoless.crossing.records import (
    KIND_AUDIO,
    AlignmentPart,
    Cancel,
    Credit,
    OpenTicket,
    Record,
    Refused,
    Speak,
    SpeechBegan,
    SpeechEnded,
    TicketGranted,
    core_registry,
)
from echoless.crossing.socket_records import (
    SOCKET_RECORDS,
    STREAM_RECORDS,
    EndText,
    MoreText,
    OpenContext,
    SpeakOn,
    TextSpoken,
)
from echoless.crossing.wire import Frame

SpeechPart = SpeechBegan | AlignmentPart | VoiceRun | AudioContent | SpeechEnded | TextSpoken | JobDiagnosis
_PARTS: Final = (SpeechBegan, AlignmentPart, VoiceRun, SpeechEnded, TextSpoken, JobDiagnosis)
_ENGINE_SILENCE_S: Final = 60.0
_JOBS_PER_ENGINE_MAX: Final = 512
_CODES: Final = {code.value: code for code in ErrorCode}


class RequestRefusedError(EcholessError):
    """The vault said no.

    refused: its reason, with the mode the request would have had
    """

    def __init__(self, refused: Refused) -> None:
        code = _CODES.get(refused.code, ErrorCode.INTERNAL_ERROR)
        super().__init__(code, refused.message, param=refused.param)
        self.refused = refused


class ClientLeftError(EcholessError):
    """Nobody listens any more."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.REQUEST_TIMEOUT, "the client left")


def _away(what: str) -> EcholessError:
    return EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"The {what} is not available at this moment.")


def _no_refusal(answer: Record) -> Record:
    if isinstance(answer, Refused):
        raise RequestRefusedError(answer)
    return answer


class VaultTicket:
    """An open ticket, bound to the link that granted it: another vault does not know it."""

    __slots__ = ("__weakref__", "_id", "_link", "_on_revoked", "grant", "is_revoked")

    def __init__(self, link: Link, grant: TicketGranted) -> None:
        self._link = link
        self.grant = grant
        self._id = TicketId(grant.ticket_id)
        self._on_revoked: Callable[[], object] | None = None
        self.is_revoked = False

    def when_revoked(self, act: Callable[[], object]) -> None:
        """Have something done when the vault takes the ticket back; at once where it has already."""
        self._on_revoked = act
        if self.is_revoked:
            act()

    def revoke(self) -> None:
        """Take note that the vault has taken the ticket back: nothing of its request is kept from here on."""
        self.is_revoked = True
        if self._on_revoked is not None:
            self._on_revoked()

    async def ask(self, record: Record) -> Record:
        """Send a question and return the answer.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE) when the vault is gone
        """
        return _no_refusal(await _answer(self._link, record, self._id))

    def post(self, record: Record) -> None:
        """Send a record without waiting.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the vault is gone
        """
        self._require_vault()
        self._link.post(record, ticket=self._id)

    def post_content(self, kind: int, content: AudioContent) -> None:
        """Send raw content without waiting.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the vault is gone
        """
        self._require_vault()
        self._link.post_content(kind, content.reveal(), ticket=self._id)

    async def drain(self) -> None:
        """Wait until the vault has taken most of what was sent.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the vault is gone
        """
        self._require_vault()
        await self._link.drain()

    def _require_vault(self) -> None:
        """Tell a client to come again, as for any process that is being replaced."""
        if self._link.is_closed:
            raise _away("vault")

    async def open_context(self) -> VaultTicket:
        """Ask for a ticket below this one, with the same decision.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE) when the vault is gone
        """
        answer = await self.ask(OpenContext())
        if not isinstance(answer, TicketGranted):
            self._link.abort()
            raise _away("vault")
        return VaultTicket(self._link, answer)

    def read(self) -> AnswerStream:
        """Begin a question with several answers.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        return AnswerStream(self._link, self._link.exchange(self._id))


class AnswerStream:
    """A question with several answers, of which some are raw audio. A context manager."""

    __slots__ = ("_exchange", "_link")

    def __init__(self, link: Link, exchange: Exchange) -> None:
        self._link = link
        self._exchange = exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exchange.__exit__(kind, error, trace)

    def post(self, record: Record) -> None:
        """Send a record of this exchange."""
        self._exchange.post(record)

    async def next(self) -> Record | AudioContent:
        """Return the next answer.

        raises: RequestRefusedError; EcholessError(CROSSING_BROKEN) when the vault is gone or answers nonsense
        """
        frame = await self._exchange.receive()
        if frame.header.kind == KIND_AUDIO and frame.header.is_content:
            return AudioContent(frame.payload)
        return _no_refusal(self._link.registry.decode(frame))


async def _answer(link: Link, record: Record, ticket: TicketId | None) -> Record:
    try:
        return await (link.call(record) if ticket is None else link.call(record, ticket))
    except EcholessError as error:
        if error.code is not ErrorCode.CROSSING_BROKEN:
            raise
    raise _away("vault")


class VaultClient:
    """The vault, through whichever link is the newest."""

    def __init__(self) -> None:
        self._registry = core_registry(QUERY_RECORDS, SOCKET_RECORDS, MODERATION_RECORDS)
        self._link: Link | None = None
        # Those that somebody still serves; nothing is held here.
        self._tickets: WeakValueDictionary[bytes, VaultTicket] = WeakValueDictionary()

    @property
    def is_connected(self) -> bool:
        """Whether there is a vault to ask."""
        return self._link is not None and not self._link.is_closed

    async def add_link(self, end: socket.socket) -> None:
        """Use a new end from now on; the old one is closed."""
        old, self._link = self._link, await Link.open(end, self._registry, on_frame=self._on_unasked)
        if old is not None:
            old.abort()

    def close(self) -> None:
        """Close the link."""
        if self._link is not None:
            self._link.close()

    async def open_ticket(self, question: OpenTicket) -> VaultTicket:
        """(1) Ask for a ticket.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE) while there is no vault
        """
        link = self._link
        if link is None or link.is_closed:
            raise _away("vault")
        answer = _no_refusal(await _answer(link, question, None))
        if not isinstance(answer, TicketGranted):
            link.abort()
            raise _away("vault")
        ticket = self._tickets[answer.ticket_id] = VaultTicket(link, answer)
        return ticket

    def _on_unasked(self, _link: Link, frame: Frame) -> None:
        """Take what the vault says of itself. A ticket that nobody serves any more has nothing to end."""
        ticket = self._tickets.get(frame.header.ticket)
        if frame.header.kind == TicketRevoked.KIND and ticket is not None:
            ticket.revoke()

    def note_scrubbed(self) -> None:
        """(6) Say that this process has collected and wiped; a vault that is away needs no word."""
        if self._link is not None and not self._link.is_closed:
            self._link.post(NoteScrubbed())

    async def ask(self, question: Record) -> Record:
        """Ask about the server, which takes no ticket.

        raises: RequestRefusedError; EcholessError(ENGINE_UNAVAILABLE) while there is no vault
        """
        if self._link is None:
            raise _away("vault")
        return _no_refusal(await _answer(self._link, question, None))


class Speech:
    """(4) One job of an engine. A context manager: leaving it before its end cancels the job."""

    __slots__ = ("_engine", "_exchange", "_is_abandoned", "_is_ended")

    def __init__(self, engine: EnginePlace, exchange: Exchange, job: Record) -> None:
        self._engine = engine
        self._exchange = exchange
        self._is_ended = False
        self._is_abandoned = False
        exchange.post(job)

    def __enter__(self) -> Self:
        self._engine.job_count += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancel()
        self._exchange.__exit__(kind, error, trace)
        self._engine.job_ended()

    async def next(self) -> SpeechPart:
        """Return the next part; SpeechEnded is the last.

        raises: ClientLeftError after `abandon`; EcholessError(ENGINE_UNAVAILABLE) when the engine died, says
                nothing for a minute or talks nonsense
        """
        try:
            async with asyncio.timeout(self._silence_s_max):
                part = None if self._is_abandoned else self._decode(await self._exchange.receive())
        except EcholessError:
            part = None
        except TimeoutError:
            part = None
        if self._is_abandoned:
            raise ClientLeftError
        if part is None:
            raise _away("engine")
        self._is_ended = isinstance(part, SpeechEnded)
        return part

    @property
    def _silence_s_max(self) -> float | None:
        """How long an engine may say nothing."""
        return _ENGINE_SILENCE_S

    def credit(self, taken_bytes: int) -> None:
        """(5) Tell the engine that the client took so many bytes."""
        if not self._is_ended and not self._engine.link.is_closed:
            self._exchange.post(Credit(taken_bytes))

    def abandon(self) -> None:
        """Take note that nobody listens: stop the engine now, wake whoever waits in `next`."""
        self._is_abandoned = True
        self._cancel()
        self._exchange.fail()

    def _cancel(self) -> None:
        if not self._is_ended and not self._engine.link.is_closed:
            self._exchange.post(Cancel())
        self._is_ended = True

    def _decode(self, frame: Frame) -> SpeechPart | None:
        if frame.header.kind == KIND_AUDIO and frame.header.is_content:
            return AudioContent(frame.payload)
        record = self._engine.link.registry.decode(frame)
        return record if isinstance(record, _PARTS) else None


class SpeechStream(Speech):
    """(4) One job of an engine that is given its text later. It may be silent while it has none."""

    __slots__ = ("_is_ending", "_unspoken_count")

    def __init__(self, engine: EnginePlace, exchange: Exchange, job: SpeakOn) -> None:
        super().__init__(engine, exchange, job)
        self._unspoken_count = 0
        self._is_ending = False

    async def next(self) -> SpeechPart:
        """Return the next part; one TextSpoken for each text, SpeechEnded is the last.

        raises: as for any speech
        """
        part = await super().next()
        if isinstance(part, TextSpoken):
            self._unspoken_count -= 1
        return part

    def add_text(self, more: MoreText) -> None:
        """Give the engine more text.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the engine is gone
        """
        self._unspoken_count += 1
        self._tell(more)

    def end_text(self) -> None:
        """Tell the engine that no more text comes.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the engine is gone
        """
        self._is_ending = True
        self._tell(EndText())

    @property
    def _silence_s_max(self) -> float | None:
        return _ENGINE_SILENCE_S if self._unspoken_count or self._is_ending else None

    def _tell(self, record: MoreText | EndText) -> None:
        if self._engine.link.is_closed or self._is_ended:
            raise _away("engine")
        self._exchange.post(record)


class EnginePlace:
    """One engine process as this gateway sees it."""

    __slots__ = ("_is_retiring", "job_count", "last_voice", "link", "name")

    def __init__(self, link: Link, name: str) -> None:
        self.link = link
        self.name = name
        self.job_count = 0
        self.last_voice = ""
        self._is_retiring = False

    def job_ended(self) -> None:
        """Count a job that ended; the last one of an engine that retires closes its link."""
        self.job_count -= 1
        self._close_when_done()

    def retire(self) -> None:
        """Take no new jobs; the engine's process ends once all its links are closed."""
        self._is_retiring = True
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._is_retiring and self.job_count == 0:
            self.link.close()


class EnginePool:
    """The engines of this gateway."""

    def __init__(self) -> None:
        self._registry = core_registry(STREAM_RECORDS, DIALOGUE_RECORDS, DIAGNOSIS_RECORDS)
        self._engines: list[EnginePlace] = []

    @property
    def engine_count(self) -> int:
        """Engines that live."""
        return len(self._engines)

    async def add_link(self, end: socket.socket, name: str) -> None:
        """Take one more engine, or the successor of the one that has had this name so far."""
        link = await Link.open(end, self._registry, on_closed=self._forget)
        before = [engine for engine in self._engines if engine.name == name]
        self._engines = [engine for engine in self._engines if engine.name != name]
        # Gateways start with different engines, so that two idle gateways do not choose the same one.
        self._engines.insert(random.randint(0, len(self._engines)), EnginePlace(link, name))  # noqa: S311  # no secret
        for engine in before:
            engine.retire()

    def speak(self, ticket: TicketId, job: Speak | DialogueSpeak) -> Speech:
        """Give a job to the engine with the fewest jobs of ours, if equal to the one that last spoke this voice.

        raises: EcholessError(ENGINE_UNAVAILABLE) when no engine lives, CONCURRENT_LIMIT_EXCEEDED when all are full
        """
        engine = self._chosen(job.catalogue_id)
        return Speech(engine, engine.link.exchange(ticket), job)

    def speak_on(self, ticket: TicketId, job: SpeakOn) -> SpeechStream:
        """Give a job whose text comes later to an engine; it stays there.

        raises: as `speak`
        """
        engine = self._chosen(job.catalogue_id)
        return SpeechStream(engine, engine.link.exchange(ticket), job)

    def _chosen(self, catalogue_id: str) -> EnginePlace:
        if not self._engines:
            raise _away("engine")
        engine = min(self._engines, key=lambda engine: (engine.job_count, engine.last_voice != catalogue_id))
        if engine.job_count >= _JOBS_PER_ENGINE_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "All engines are busy; try again.")
        engine.last_voice = catalogue_id
        # Of several idle engines the one that waited longest goes next.
        self._engines.remove(engine)
        self._engines.append(engine)
        return engine

    def close(self) -> None:
        """Close all links."""
        for engine in self._engines:
            engine.link.close()

    def _forget(self, link: Link) -> None:
        self._engines = [engine for engine in self._engines if engine.link is not link]
