"""A gateway that serves sockets on a real port, with a vault and an engine that are scripts behind real links."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import websockets

from echoless.core.clock import SystemClock
from echoless.core.ids import TicketId, new_ticket_id
from echoless.core.journal import MemoryJournal
from echoless.crossing.client import EnginePool, VaultClient
from echoless.crossing.dialogue_records import DIALOGUE_RECORDS
from echoless.crossing.dictionary_records import DictionaryRules, UseDictionary
from echoless.crossing.link import Link
from echoless.crossing.live_client import LivePool
from echoless.crossing.moderation_records import MODERATION_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import (
    KIND_AUDIO,
    KIND_KEEP_AUDIO,
    AlignmentPart,
    Cancel,
    PronunciationRule,
    Record,
    Refused,
    SpeechBegan,
    SpeechEnded,
    TicketGranted,
    UnitsReserved,
    core_registry,
)
from echoless.crossing.socket_records import (
    SOCKET_RECORDS,
    STREAM_RECORDS,
    BeginGeneration,
    EndGeneration,
    EndText,
    KeepMoreText,
    MintToken,
    MoreText,
    OpenContext,
    SpeakOn,
    TextSpoken,
    TokenMinted,
)
from echoless.crossing.wire import Frame
from echoless.volatile.gateway.app import build_app
from echoless.volatile.gateway.moderating import Moderation
from echoless.volatile.gateway.ports import GatewayServices
from echoless.volatile.gateway.server import GatewayServer
from tests.fakes.fake_live import FakeLive
from tests.fakes.fake_vault import API_KEY, FakeVault, Kept
from tests.fakes.gateway import VOICE_ID, gateway_config

PATH = f"/v1/text-to-speech/{VOICE_ID}"


class SocketVault(FakeVault):
    """Also opens contexts, counts generations and keeps text that follows.

    refused: what the next generations are answered with, before they are let in
    rules:   of every dictionary
    """

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[Refused] = []
        self.running: dict[TicketId, int] = {}
        self.more: dict[TicketId, list[str]] = {}
        self.contexts: list[TicketGranted] = []
        self.rules: list[PronunciationRule] = []

    async def connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        registry = core_registry(QUERY_RECORDS, SOCKET_RECORDS, DIALOGUE_RECORDS, MODERATION_RECORDS)
        self.links.append(await Link.open(ours, registry, on_frame=self._on_frame))
        return theirs

    def texts(self) -> list[str]:
        """What is kept, by ticket."""
        return [
            kept.text.text + "".join(self.more.get(ticket, []))
            for ticket, kept in self.tickets.items()
            if kept.text is not None
        ]

    def turns(self) -> list[tuple[str, str]]:
        """Who said what is kept, by ticket."""
        return [
            (line.voice_id, line.text + "".join(self.more.get(ticket, [])))
            for ticket, kept in self.tickets.items()
            if kept.text is not None
            for line in kept.text.dialogue
        ]

    def _answer(self, record: Record, ticket: TicketId) -> Record | None:
        if isinstance(record, BeginGeneration):
            if self.refused:
                return self.refused.pop(0)
            self.running[ticket] = self.running.get(ticket, 0) + 1
            return UnitsReserved(record.characters)
        if isinstance(record, EndGeneration):
            self.running[ticket] -= 1
            return None
        if isinstance(record, KeepMoreText):
            assert self._keeping(ticket).text is not None
            self.more.setdefault(ticket, []).append(record.text)
            return None
        if isinstance(record, OpenContext):
            return self._open_context(ticket)
        if isinstance(record, UseDictionary):
            return DictionaryRules(record.version_id, self.rules)
        if isinstance(record, MintToken):
            return TokenMinted("sutkn_" + ("zero" if record.is_pinned_zero else "any") + record.kind.value)
        return super()._answer(record, ticket)

    def _open_context(self, parent: TicketId) -> Record:
        above = self.tickets[parent]
        ticket = new_ticket_id()
        self.tickets[ticket] = Kept(above.endpoint, above.mode, f"item{len(self.tickets)}")
        granted = TicketGranted(
            ticket, parent.hex(), above.mode, self.decision_level, above.endpoint.product, "ws", "", None, 0, 10
        )
        self.contexts.append(granted)
        return granted

    @property
    def decision_level(self) -> Any:
        from echoless.retention.decision import Level

        return Level.REQUEST


@dataclass
class StreamSeen:
    """One job as the engine saw it."""

    job: SpeakOn
    texts: list[MoreText] = field(default_factory=list)
    is_ended: bool = False
    is_cancelled: bool = False


class StreamEngine:
    """Says the bytes of each text back, and times of a tenth of a second a character.

    is_mute:    says nothing at all
    error_code: ends each job with it, at its first text
    """

    def __init__(self) -> None:
        self.is_mute = False
        self.error_code = ""
        self.streams: list[StreamSeen] = []
        self.links: list[Link] = []
        self._by_number: dict[tuple[Link, int], StreamSeen] = {}

    async def connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        self.links.append(await Link.open(ours, core_registry(STREAM_RECORDS), on_frame=self._on_frame))
        return theirs

    def _on_frame(self, link: Link, frame: Frame) -> None:
        record = link.registry.decode(frame)
        number = frame.header.correlation
        if isinstance(record, SpeakOn):
            self._by_number[link, number] = StreamSeen(record)
            self.streams.append(self._by_number[link, number])
            return
        seen = self._by_number[link, number]
        if isinstance(record, Cancel):
            seen.is_cancelled = True
        elif isinstance(record, MoreText):
            seen.texts.append(record)
            self._speak(link, number, record, seen)
        elif isinstance(record, EndText):
            seen.is_ended = True
            if not self.is_mute:
                link.post(SpeechEnded("", 5, 5), correlation=number)

    def _speak(self, link: Link, number: int, more: MoreText, seen: StreamSeen) -> None:
        if self.error_code:
            link.post(SpeechEnded(self.error_code, 0, 0), correlation=number)
        if self.error_code or self.is_mute:
            return
        if len(seen.texts) == 1:
            link.post(SpeechBegan(None), correlation=number)
        begin_s = sum(len(text.text) for text in seen.texts[:-1]) / 10
        starts = [begin_s + index / 10 for index in range(len(more.text))]
        ends = [start + 0.1 for start in starts]
        link.post(
            AlignmentPart(list(more.text), starts, ends, list(more.text.upper()), starts, ends), correlation=number
        )
        if more.text:
            link.post_content(KIND_AUDIO, more.text.encode(), correlation=number)
        link.post(TextSpoken(len(more.text) * 100), correlation=number)


@dataclass
class SocketGateway:
    """The server and what is behind it."""

    vault: SocketVault
    engine: StreamEngine
    live: FakeLive
    live_pool: LivePool
    journal: MemoryJournal
    server: GatewayServer
    port: int

    async def open(self, target: str, *, key: str = API_KEY, headers: dict[str, str] | None = None) -> Any:
        """Open a socket."""
        shown = {"xi-api-key": key} if key else {}
        return await websockets.connect(
            f"ws://127.0.0.1:{self.port}{target}", additional_headers=shown | (headers or {}), max_size=None,
            close_timeout=2,
        )  # fmt: skip

    async def talk(self, target: str, *messages: Any, key: str = API_KEY) -> Heard:
        """Say all messages, then listen until the close."""
        opened = await self.open(target, key=key)
        try:
            for message in messages:
                await opened.send(json.dumps(message) if isinstance(message, dict) else message)
        except websockets.ConnectionClosed:
            pass  # A socket that was refused is closed before everything is said.
        heard = Heard(dict(opened.response.headers.raw_items()))
        try:
            while True:
                heard.messages.append(json.loads(await opened.recv()))
        except websockets.ConnectionClosed:
            heard.close_code = opened.close_code
        await self.settle()
        return heard

    async def settle(self) -> None:
        """Wait until the server has no socket left, and what it posted has arrived."""
        while self.server.connection_count:
            await asyncio.sleep(0.005)
        for _ in range(6):
            await asyncio.sleep(0)


@dataclass
class Heard:
    """Everything that a socket said."""

    headers: dict[str, str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    close_code: int = 0

    @property
    def error(self) -> str:
        return str(self.messages[-1].get("error", "")) if self.messages else ""


@asynccontextmanager
async def socket_gateway(moderation: Moderation | None = None, **changes: Any) -> AsyncIterator[SocketGateway]:
    """Run a gateway for the length of a block."""
    vault, engine, live = SocketVault(), StreamEngine(), FakeLive()
    vault_client, pool, journal, live_pool = VaultClient(), EnginePool(), MemoryJournal(), LivePool()
    await vault_client.add_link(await vault.connect())
    await pool.add_link(await engine.connect(), "engine-0")
    await live_pool.add_link(await live.connect(), "live-0")
    settings = gateway_config(**changes)
    services = GatewayServices(
        vault_client, pool, SystemClock(), journal, live=live_pool, moderation=moderation or Moderation()
    )
    app = build_app(services, settings)
    server = GatewayServer(app, settings, journal)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.start(listener)
    try:
        async with asyncio.timeout(20):
            yield SocketGateway(vault, engine, live, live_pool, journal, server, listener.getsockname()[1])
    finally:
        await server.stop(1.0)
        vault_client.close()
        pool.close()
        live_pool.close()
        for link in (*vault.links, *engine.links, *live.links):
            link.close()
        await asyncio.sleep(0.01)


__all__ = ["KIND_KEEP_AUDIO", "PATH", "Heard", "SocketGateway", "StreamEngine", "socket_gateway"]
