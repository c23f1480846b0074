"""A few requests through the whole gateway before the wall closes.

Libraries import what they need at their first use, which would fail behind the wall. So the same app, server and
links are used once, with an engine and a vault that are scripts in this process and a connection that leads nowhere
else. A rehearsal that does not go as written keeps the process from serving.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id
from echoless.core.journal import Event, FieldValue, Journal, MemoryJournal
from echoless.crossing.client import EnginePool, VaultClient
from echoless.crossing.control import GatewayConfig
from echoless.crossing.dialogue_records import (
    DIALOGUE_RECORDS,
    DialogueSpeak,
    ResolveVoices,
    VoiceRun,
    VoicesResolved,
)
from echoless.crossing.dictionary_records import DictionaryRules, UseDictionary
from echoless.crossing.link import FrameHandler, Link
from echoless.crossing.live_client import LivePool
from echoless.crossing.live_records import LIVE_RECORDS
from echoless.crossing.media_client import MediaPool
from echoless.crossing.media_records import MEDIA_RECORDS
from echoless.crossing.operations_records import AskReadiness, MetricsPage, Readiness, ReadMetrics
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import (
    KIND_AUDIO,
    AlignmentPart,
    CloseTicket,
    OpenTicket,
    PronunciationRule,
    ReserveUnits,
    Speak,
    SpeechBegan,
    SpeechEnded,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
    VoiceGrant,
    core_registry,
)
from echoless.crossing.socket_records import (
    SOCKET_RECORDS,
    STREAM_RECORDS,
    BeginGeneration,
    EndText,
    MoreText,
    OpenContext,
    TextSpoken,
)
from echoless.crossing.wire import Frame
from echoless.retention.decision import Level, RetentionMode
from echoless.retention.endpoints import Product
from echoless.volatile.gateway.app import build_app
from echoless.volatile.gateway.ports import GatewayServices
from echoless.volatile.gateway.server import GatewayServer
from echoless.volatile.service.rehearsed_sockets import SOCKETS, VOICE, SocketScript, live_part
from echoless.volatile.service.rehearsed_uploads import CONTENT_TYPE, UPLOADS, MediaPart

_TIMEOUT_S: Final = 20.0
_SPEECH: Final = f"/v1/text-to-speech/{VOICE}"
_BODY: Final = b'{"text": "A rehearsal.", "voice_settings": {"speed": 1.1}}'
_DIALOGUE: Final = (
    b'{"inputs": [{"text": "[softly] A rehearsal.", "voice_id": "%s"}], "pronunciation_dictionary_locators":'
    b' [{"pronunciation_dictionary_id": "rehearsal"}]}' % VOICE.encode()
)
# Line, body and the status that must come.
_SCRIPT: Final = (
    ("GET /health", b"", 200),
    ("GET /ready", b"", 200),
    ("GET /metrics", b"", 200),
    ("GET /openapi.json", b"", 200),
    ("GET /docs", b"", 200),
    ("GET /nothing/here", b"", 404),
    (f"POST {_SPEECH}?enable_logging=false", _BODY, 200),
    (f"POST {_SPEECH}/stream?output_format=pcm_16000", _BODY, 200),
    (f"POST {_SPEECH}/with-timestamps", _BODY, 200),
    (f"POST {_SPEECH}/stream/with-timestamps", _BODY, 200),
    ("POST /v1/audio/speech", b'{"model": "tts-1", "input": "A rehearsal.", "voice": "alloy"}', 200),
    ("POST /v1/text-to-dialogue", _DIALOGUE, 200),
    ("POST /v1/text-to-dialogue/stream/with-timestamps?enable_logging=false", _DIALOGUE, 200),
    (f"POST {_SPEECH}", b'{"text": 5, "seed": "x"}', 422),
    (f"POST {_SPEECH}", b"{", 422),
)
_CREDENTIAL: Final = "rehearsal"
_SWITCHING: Final = 101
_HANDSHAKE: Final = (
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-key: cmVoZWFyc2FsIDEyMzQ1Ng==\r\n"
)


class _RehearsalJournal:
    """Passes on what goes wrong; requests of a rehearsal are none, and leave no line in the access record."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._unsaid = MemoryJournal()

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Say one event; one of the access record is made and checked like any other, and ends here."""
        heard = self._unsaid if event is Event.REQUEST_CLOSED else self._journal
        heard.say(event, **fields)


async def rehearse(config: GatewayConfig, journal: Journal, tls: ssl.SSLContext | None) -> None:
    """Play the script.

    raises: EcholessError(INTERNAL_ERROR) when an answer is not the expected one
    """
    vault, engines, live, media = VaultClient(), EnginePool(), LivePool(), MediaPool()
    peers = [
        await _peer(vault.add_link, _vault_part),
        await _peer(lambda end: engines.add_link(end, "rehearsal"), _engine_part),
        await _peer(lambda end: live.add_link(end, "rehearsal"), live_part),
        await _peer(lambda end: media.add_link(end, "rehearsal"), MediaPart().take),
    ]
    unsaid = _RehearsalJournal(journal)
    services = GatewayServices(vault, engines, SystemClock(), unsaid, media=media, live=live)
    # Every model is played by the peers of the script: nothing of a rehearsal goes to a remote.
    # Every part is rehearsed, whatever this server leaves out: its engines are scripts here.
    played = msgspec.structs.replace(
        config,
        model_engines={},
        media_engine_count=1,
        live_engine_count=1,
        metrics_token_digest=hashlib.sha256(_CREDENTIAL.encode()).hexdigest(),
    )
    server = GatewayServer(build_app(services, played), played, journal)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The empty name lets the kernel choose an abstract one: no file, gone with the socket.
        listener.bind("")
        listener.listen(1)
        address = listener.getsockname()
        await server.start(listener, tls)
        for line, body, status in _SCRIPT:
            async with asyncio.timeout(_TIMEOUT_S):
                _expect(status, await _ask(address, line, body, tls is not None))
        for line, body, status in UPLOADS:
            async with asyncio.timeout(_TIMEOUT_S):
                _expect(status, await _ask(address, line, body, tls is not None, CONTENT_TYPE))
        for script in SOCKETS:
            async with asyncio.timeout(_TIMEOUT_S):
                _expect(_SWITCHING, await _talk(address, script, tls is not None))
    finally:
        await server.stop(0.0)
        for peer in peers:
            peer.close()


async def _peer(add_link: Callable[[socket.socket], Awaitable[None]], part: FrameHandler) -> Link:
    """Tie a scripted peer to whoever takes the other end."""
    ours, theirs = socket.socketpair()
    registry = core_registry(
        QUERY_RECORDS, DIALOGUE_RECORDS, SOCKET_RECORDS, STREAM_RECORDS, LIVE_RECORDS, MEDIA_RECORDS
    )
    link = await Link.open(ours, registry, on_frame=part)
    await add_link(theirs)
    return link


def _expect(status: int, answered: int) -> None:
    if answered != status:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, f"the rehearsal got {answered} in place of {status}")


async def _ask(address: bytes, line: str, body: bytes, is_tls: bool, content_type: str = "application/json") -> int:
    """Send one request on a new connection, read the whole answer and return its status."""
    reader, writer = await _connected(address, is_tls)
    _write_head(
        writer, line, f"connection: close\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
    )
    writer.write(body)
    answer = await reader.read()
    await _leave(writer)
    return _status_of(answer)


async def _talk(address: bytes, script: SocketScript, is_tls: bool) -> int:
    """Play the script of one socket; return the status of its handshake, or 0 where it did not go as written."""
    reader, writer = await _connected(address, is_tls)
    _write_head(writer, script.line, _HANDSHAKE)
    try:
        # A socket speaks once its handshake has been answered.
        answer = await reader.readuntil(b"\r\n\r\n")
        for said, heard in script.steps:
            writer.write(said)
            await reader.readuntil(heard)
    except asyncio.IncompleteReadError:
        answer = b""
    await _leave(writer)
    return _status_of(answer)


async def _connected(address: bytes, is_tls: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.setblocking(False)
    await asyncio.get_running_loop().sock_connect(end, address)
    return await asyncio.open_connection(
        sock=end, ssl=_client_context() if is_tls else None, server_hostname="localhost" if is_tls else None
    )


def _write_head(writer: asyncio.StreamWriter, line: str, more: str) -> None:
    head = f"{line} HTTP/1.1\r\nhost: localhost\r\nxi-api-key: {_CREDENTIAL}\r\n{more}\r\n"
    writer.write(head.encode())


async def _leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    # A TLS peer that is gone already is no fault of the rehearsal.
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def _status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def _client_context() -> ssl.SSLContext:
    """Return a context for talking to ourselves: there is nobody else on this connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _vault_part(link: Link, frame: Frame) -> None:
    """Grant everything."""
    if frame.header.is_content:
        return
    record = link.registry.decode(frame)
    correlation = frame.header.correlation
    if isinstance(record, OpenTicket | OpenContext):
        link.post(_granted(), correlation=correlation)
    elif isinstance(record, ReserveUnits | BeginGeneration):
        link.post(UnitsReserved(record.characters), correlation=correlation)
    elif isinstance(record, ResolveVoices):
        voice = VoiceGrant(VOICE, "Rehearsal", VOICE, {})
        link.post(VoicesResolved([voice] * len(record.voice_ids)), correlation=correlation)
    elif isinstance(record, UseDictionary):
        rule = PronunciationRule("rehearsal", alias="trial", is_case_sensitive=False)
        link.post(DictionaryRules("rehearsal", [rule]), correlation=correlation)
    elif isinstance(record, AskReadiness):
        link.post(Readiness(is_starting=False, is_store_failing=False, is_confined=True), correlation=correlation)
    elif isinstance(record, ReadMetrics):
        link.post(MetricsPage(b"rehearsed 1\n"), correlation=correlation)
    elif isinstance(record, CloseTicket) and correlation:
        link.post(TicketClosed(is_kept=False), correlation=correlation)


def _granted() -> TicketGranted:
    ticket = new_ticket_id()
    return TicketGranted(
        ticket, ticket.hex(), RetentionMode.ZERO, Level.REQUEST, Product.TEXT_TO_SPEECH, "rehearsal", "",
        VoiceGrant(VOICE, "Rehearsal", VOICE, {}), 1, 1,
    )  # fmt: skip


def _engine_part(link: Link, frame: Frame) -> None:
    """Say the same few bytes to everybody."""
    record = link.registry.decode(frame)
    correlation = frame.header.correlation
    if isinstance(record, EndText):
        link.post(SpeechEnded("", 2, 64), correlation=correlation)
    if not isinstance(record, Speak | DialogueSpeak | MoreText):
        return
    link.post(SpeechBegan(None), correlation=correlation)
    link.post(AlignmentPart(["A"], [0.0], [0.1], ["A"], [0.0], [0.1]), correlation=correlation)
    if isinstance(record, DialogueSpeak):
        link.post(VoiceRun(0, 0.0, 0.1, 1), correlation=correlation)
    link.post_content(KIND_AUDIO, bytes(64), correlation=correlation)
    ending = TextSpoken(2) if isinstance(record, MoreText) else SpeechEnded("", 2, 64)
    link.post(ending, correlation=correlation)
