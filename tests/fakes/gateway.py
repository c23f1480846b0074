"""A gateway's app with a fake vault and a fake engine behind real links, driven as an ASGI server would."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.crossing.client import EnginePool, VaultClient
from echoless.crossing.control import GatewayConfig
from echoless.crossing.media_client import MediaPool
from echoless.volatile.gateway.app import build_app
from echoless.volatile.gateway.moderating import Moderation
from echoless.volatile.gateway.ports import App, GatewayServices, Message
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_media import FakeMedia
from tests.fakes.fake_vault import API_KEY, FakeVault

VOICE_ID = "21m00Tcm4TlvDq8ikWAM"


def gateway_config(**changes: Any) -> GatewayConfig:
    """Return a configuration for tests."""
    values: dict[str, Any] = {
        "name": "gateway-0", "is_audit_view": False, "assurance": "strict", "tls_certificate_path": "",
        "tls_key_path": "", "body_bytes_max": 1024 * 1024, "header_timeout_s": 5.0, "body_timeout_s": 5.0,
        "write_timeout_s": 5.0, "keep_alive_timeout_s": 5.0, "is_scrubbing": True,
        "has_access_log": True, "model_aliases": {},
        "unknown_model": "error", "character_limits": {}, "public_url": "http://127.0.0.1:8080",
        "media_engine_count": 1,
    }  # fmt: skip
    return GatewayConfig(**(values | changes))


@dataclass
class Reply:
    """What the app sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    is_complete: bool = False
    body_reads: int = 0

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["detail"]["code"])


@dataclass
class Gateway:
    """The app and what is behind it."""

    app: App
    services: GatewayServices
    vault: FakeVault
    engine: FakeEngine
    journal: MemoryJournal
    vault_client: VaultClient
    engine_pool: EnginePool
    media: FakeMedia
    media_pool: MediaPool

    async def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        api_key: str = API_KEY,
        leave_after_bytes: int | None = None,
        pieces: Sequence[bytes | None] | None = None,
    ) -> Reply:
        """Send one request and return the whole reply; the client may leave after so many bytes.

        pieces: the body in parts; one that is None stands for a client that leaves there
        """
        path, _, query = target.partition("?")
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        reply = Reply()
        left = asyncio.Event()
        unread: deque[bytes | None] = deque([data] if pieces is None else pieces)

        async def receive() -> Message:
            # As a connection does, it lets others have their turn.
            await asyncio.sleep(0)
            if unread and (piece := unread.popleft()) is not None:
                reply.body_reads += 1
                return {"type": "http.request", "body": piece, "more_body": bool(unread)}
            if unread or left.is_set() or (pieces is not None and None in pieces):
                left.set()
                return {"type": "http.disconnect"}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if left.is_set():
                return
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                return
            reply.pieces.append(message["body"])
            reply.is_complete = not message["more_body"]
            if leave_after_bytes is not None and len(reply.body) >= leave_after_bytes:
                left.set()
                await asyncio.sleep(0)

        sent = {"xi-api-key": api_key} if api_key else {}
        sent |= {"content-length": str(len(data))} if body is not None else {}
        sent |= {"transfer-encoding": "chunked"} if pieces is not None else {}
        sent |= headers or {}
        scope = {
            "type": "http", "method": method, "raw_path": path.encode(), "path": path,
            "query_string": query.encode(), "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        }  # fmt: skip
        async with asyncio.timeout(10):
            await self.app(scope, receive, send)
            for _ in range(4):
                # What was posted at the end arrives in the next turns of the loop.
                await asyncio.sleep(0)
        return reply


@asynccontextmanager
async def running_gateway(
    engine: FakeEngine | None = None,
    *,
    media: FakeMedia | None = None,
    moderation: Moderation | None = None,
    **changes: Any,
) -> AsyncIterator[Gateway]:
    """Run an app over fakes."""
    vault, engine, media = FakeVault(), engine or FakeEngine(b"0123456789" * 10), media or FakeMedia()
    vault_client, pool, journal = VaultClient(), EnginePool(), MemoryJournal()
    await vault_client.add_link(await vault.connect())
    await pool.add_link(await engine.connect(), "engine-0")
    media_pool = MediaPool()
    await media_pool.add_link(await media.connect(), "media-0")
    services = GatewayServices(
        vault_client, pool, SystemClock(), journal, media=media_pool, moderation=moderation or Moderation()
    )
    app = build_app(services, gateway_config(**changes))
    try:
        yield Gateway(app, services, vault, engine, journal, vault_client, pool, media, media_pool)
    finally:
        vault_client.close()
        pool.close()
        media_pool.close()
        for link in (*vault.links, *engine.links, *media.links):
            link.close()
        await asyncio.sleep(0.01)
