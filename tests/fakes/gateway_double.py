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
import pytest

from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.account_records import TicketRevoked
from echoless.crossing.control import VaultConfig
from echoless.crossing.kept_records import (
    InputAudio,
    KeepInputType,
    KeptTranscript,
    ReadInputAudio,
    ReadTranscript,
    ReadTranscriptAudio,
)
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.moderation_records import MODERATION_RECORDS
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
from echoless.crossing.wire import Frame
from echoless.retention.decision import Switch
from echoless.vault.service.vault import Vault

KEY = "sk_" + "0123456789abcdef" * 3
TTS = "POST /v1/text-to-speech/{voice}"
STS = "POST /v1/speech-to-speech/{voice}"
STT = "POST /v1/speech-to-text"
STS_MODEL, STT_MODEL = "eleven_english_sts_v2", "scribe_v1"
VOICE = "21m00Tcm4TlvDq8ikWAM"
MODEL = "eleven_multilingual_v2"
FORMAT = "mp3_44100_128"
R = TypeVar("R", bound=Record)

ON_FILES = pytest.mark.parametrize("stores", ["sqlite-files"], indirect=True)
"""Of a test that looks into the files of SQLite; what it proves of PostgreSQL and S3 stands beside those."""


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

    def __init__(self, link: Link, unasked: list[Frame] | None = None) -> None:
        self.link = link
        self.unasked = unasked if unasked is not None else []
        self.late: list[Any] = []

    @classmethod
    @asynccontextmanager
    async def connected(cls, vault: Vault) -> AsyncIterator[GatewayDouble]:
        ours, theirs = socket.socketpair()
        await vault.add_gateway(theirs)
        unasked: list[Frame] = []
        registry = core_registry(QUERY_RECORDS, SOCKET_RECORDS, MODERATION_RECORDS)
        link = await Link.open(ours, registry, on_frame=lambda _, frame: unasked.append(frame))
        try:
            yield cls(link, unasked)
        finally:
            link.close()
            while not link.is_closed:
                await asyncio.sleep(0)

    async def ask(self, record: Record, expected: type[R], ticket: bytes = NO_TICKET) -> R:
        answer = await asyncio.wait_for(self.link.call(record, TicketId(ticket)), 20)
        assert isinstance(answer, expected), (answer, getattr(answer, "code", ""), getattr(answer, "message", ""))
        return answer

    async def revoked(self) -> list[bytes]:
        """The tickets that the vault has taken back; waits until there are any."""
        while not self.unasked:
            await asyncio.sleep(0)
        return [frame.header.ticket for frame in self.unasked if frame.header.kind == TicketRevoked.KIND]

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

    def keep_raw(self, granted: TicketGranted, kind: int, data: bytes, chunk_bytes: int = 48 * 1024) -> None:
        """Keep raw bytes of a kind."""
        for start in range(0, len(data), chunk_bytes):
            self.link.post_content(kind, data[start : start + chunk_bytes], ticket=TicketId(granted.ticket_id))

    def keep_recording(self, granted: TicketGranted, audio: bytes, media_type: str = "audio/mpeg") -> None:
        """Keep what a client uploaded."""
        self.keep_raw(granted, KIND_KEEP_INPUT_AUDIO, audio)
        self.link.post(KeepInputType(media_type), ticket=TicketId(granted.ticket_id))

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

    async def convert(self, recording: bytes, audio: bytes = b"said again") -> str:
        """Run one kept request of the voice changer; return its item's id."""
        granted = await self.open(STS)
        await self.reserve(granted, 0, UnitsReserved, model=STS_MODEL)
        self.keep_recording(granted, recording)
        self.link.post(KeepText("", {"stability": 0.5}, 7), ticket=TicketId(granted.ticket_id))
        self.keep_raw(granted, KIND_KEEP_AUDIO, audio)
        assert (await self.close(granted, TicketClosed)).is_kept
        return granted.history_item_id

    async def transcribe(self, recording: bytes, transcript: bytes, key: str = KEY) -> str:
        """Run one kept request of speech to text; return its transcript's id."""
        granted = await self.open(STT, voice_id="", key=key)
        await self.reserve(granted, 0, UnitsReserved, model=STT_MODEL, format="")
        self.keep_recording(granted, recording)
        self.keep_raw(granted, KIND_KEEP_TRANSCRIPT, transcript)
        assert (await self.close(granted, TicketClosed)).is_kept
        return granted.history_item_id

    async def audio(self, granted: TicketGranted, item_id: str, window_bytes: int = 65536) -> bytes:
        """Read an item's audio to its end, giving credit as it comes."""
        head, audio = await self.read(granted, ReadItemAudio(item_id, window_bytes))
        assert isinstance(head, ItemAudio), head
        return audio

    async def read(
        self,
        granted: TicketGranted,
        question: ReadItemAudio | ReadInputAudio | ReadTranscript | ReadTranscriptAudio,
    ) -> tuple[Record, bytes]:
        """Ask for something that is streamed; return its head and all bytes, or a refusal and none."""
        with self.link.exchange(TicketId(granted.ticket_id)) as exchange:
            exchange.post(question)
            head = self.link.registry.decode(await asyncio.wait_for(exchange.receive(), 20))
            size_bytes = 0
            if isinstance(head, (ItemAudio, InputAudio)):
                size_bytes = head.audio_bytes
            elif isinstance(head, KeptTranscript):
                size_bytes = head.json_bytes
            data = b""
            while len(data) < size_bytes:
                frame = await asyncio.wait_for(exchange.receive(), 20)
                assert frame.header.kind == KIND_AUDIO
                data += frame.payload
                exchange.post(Credit(len(frame.payload)))
            return head, data


def closing(status: CloseStatus = CloseStatus.DONE) -> CloseTicket:
    return CloseTicket(status=status, http_status=200, error_code="", audio_ms=1000, audio_bytes=0, duration_ms=5)
