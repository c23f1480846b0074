"""A gateway that speaks over a real socketpair; it can lie, because the vault must not believe it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.control import VaultConfig
from echoless.crossing.link import Link
from echoless.crossing.query_records import QUERY_RECORDS, ItemAudio, ReadItemAudio
from echoless.crossing.records import (
    KIND_AUDIO,
    KIND_KEEP_AUDIO,
    CloseStatus,
    CloseTicket,
    Credit,
    KeepAlignment,
    KeepText,
    OpenTicket,
    Record,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
    core_registry,
)
from echoless.crossing.socket_records import SOCKET_RECORDS
from echoless.retention.decision import Switch
from echoless.vault.service import Vault

KEY = "sk_" + "0123456789abcdef" * 3
TTS = "POST /v1/text-to-speech/{voice}"
VOICE = "21m00Tcm4TlvDq8ikWAM"
MODEL = "eleven_multilingual_v2"
FORMAT = "mp3_44100_128"
R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class TurnedClock:
    """A clock that a test turns."""

    now_ms: int = 1_800_000_000_000
    now_s: float = 100.0

    def unix_ms(self) -> int:
        return self.now_ms

    def monotonic_s(self) -> float:
        return self.now_s

    def turn(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)
        self.now_s += seconds


def config_for(directory: Path, **changes: Any) -> VaultConfig:
    config = VaultConfig(
        name="vault", is_audit_view=False, assurance="strict", data_directory=str(directory),
        bootstrap_api_key=KEY, durability="process", unknown_voice="error", voice_aliases={},
        concurrent_requests_max=64, queue_deadline_s=10.0, request_log_days=90,
    )  # fmt: skip
    return msgspec.structs.replace(config, **changes)


class GatewayDouble:
    """One end of a link with the words of a gateway."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.late: list[Any] = []

    @classmethod
    @asynccontextmanager
    async def connected(cls, vault: Vault) -> AsyncIterator[GatewayDouble]:
        ours, theirs = socket.socketpair()
        await vault.add_gateway(theirs)
        link = await Link.open(ours, core_registry(QUERY_RECORDS, SOCKET_RECORDS))
        try:
            yield cls(link)
        finally:
            link.close()
            while not link.is_closed:
                await asyncio.sleep(0)

    async def ask(self, record: Record, expected: type[R], ticket: bytes = NO_TICKET) -> R:
        answer = await asyncio.wait_for(self.link.call(record, TicketId(ticket)), 20)
        assert isinstance(answer, expected), (answer, getattr(answer, "code", ""), getattr(answer, "message", ""))
        return answer

    async def open(
        self, endpoint: str = TTS, switch: Switch = Switch.ABSENT, key: str = KEY, voice_id: str = VOICE
    ) -> TicketGranted:
        return await self.ask(OpenTicket(endpoint, key, switch, voice_id), TicketGranted)

    async def question(self, endpoint: str, record: Record, expected: type[R], key: str = KEY) -> R:
        """Open a ticket of a reading endpoint, ask, close."""
        granted = await self.open(endpoint, key=key, voice_id="")
        try:
            return await self.ask(record, expected, granted.ticket_id)
        finally:
            self.link.post(closing(), ticket=TicketId(granted.ticket_id))

    async def reserve(self, granted: TicketGranted, characters: int, expected: type[R], **changes: str) -> R:
        record = ReserveUnits(changes.get("model", MODEL), changes.get("format", FORMAT), characters)
        return await self.ask(record, expected, granted.ticket_id)

    def keep(self, granted: TicketGranted, text: str, audio: bytes, chunk_bytes: int = 48 * 1024) -> None:
        ticket = TicketId(granted.ticket_id)
        self.link.post(KeepText(text, {"stability": 0.5}, 7, "en", "before", None), ticket=ticket)
        for start in range(0, len(audio), chunk_bytes):
            self.link.post_content(KIND_KEEP_AUDIO, audio[start : start + chunk_bytes], ticket=ticket)

    def keep_alignment(self, granted: TicketGranted, text: str, *, is_normalized: bool = False) -> None:
        times = [index / 16 for index in range(len(text))]
        record = KeepAlignment(is_normalized, list(text), times, [time + 1 / 16 for time in times])
        self.link.post(record, ticket=TicketId(granted.ticket_id))

    async def close(
        self, granted: TicketGranted, expected: type[R], status: CloseStatus = CloseStatus.DONE, **changes: Any
    ) -> R:
        return await self.ask(msgspec.structs.replace(closing(status), **changes), expected, granted.ticket_id)

    async def make(self, text: str, audio: bytes = b"audio", key: str = KEY, voice_id: str = VOICE) -> str:
        """Run one kept request from ticket to close; return its item's id."""
        granted = await self.open(key=key, voice_id=voice_id)
        await self.reserve(granted, len(text), UnitsReserved)
        self.keep(granted, text, audio)
        assert (await self.close(granted, TicketClosed)).is_kept
        return granted.history_item_id

    async def audio(self, granted: TicketGranted, item_id: str, window_bytes: int = 65536) -> bytes:
        """Read an item's audio to its end, giving credit as it comes."""
        with self.link.exchange(TicketId(granted.ticket_id)) as exchange:
            exchange.post(ReadItemAudio(item_id, window_bytes))
            head = self.link.registry.decode(await exchange.receive())
            assert isinstance(head, ItemAudio), head
            audio = b""
            while len(audio) < head.audio_bytes:
                frame = await asyncio.wait_for(exchange.receive(), 20)
                assert frame.header.kind == KIND_AUDIO
                audio += frame.payload
                exchange.post(Credit(len(frame.payload)))
            return audio


def closing(status: CloseStatus = CloseStatus.DONE) -> CloseTicket:
    return CloseTicket(status=status, http_status=200, error_code="", audio_ms=1000, audio_bytes=0, duration_ms=5)
