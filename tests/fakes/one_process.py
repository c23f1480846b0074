"""The gateway's app over the real vault, in one process: what a request does in the vault can be followed."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import CO_COROUTINE
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa

from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.crossing.client import EnginePool, VaultClient
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.volatile.gateway.app import build_app
from echoless.volatile.gateway.ports import App, GatewayServices, Message
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.gateway import gateway_config
from tests.fakes.gateway_double import config_for

_VAULT_MODULES = "echoless.vault."
# How rows of several requests come to be written in one group is chance; the statements themselves are counted.
_GROUPING = {f"{_VAULT_MODULES}stores.{name}" for name in ("writer", "writing", "serial_thread")}
Work = Counter[tuple[str, str]]


@dataclass
class Answer:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class OneProcess:
    """An app and the vault behind it."""

    app: App
    vault: Vault

    async def settle(self) -> None:
        """Wait until everything that was asked for is written."""
        for _ in range(4):
            # What a request posts at its end arrives in the next turns of the loop.
            await asyncio.sleep(0)
        await self.vault._storage.writer.flush()

    async def ask(self, method: str, target: str, body: Any = None, *, key: str) -> Answer:
        """Send one request and return the whole answer."""
        path, _, query = target.partition("?")
        data = b"" if body is None else json.dumps(body).encode()
        unread = [{"type": "http.request", "body": data, "more_body": False}]
        pieces: list[bytes] = []
        answer = Answer(0, {}, b"")
        ended = asyncio.Event()

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                return
            pieces.append(message["body"])
            if not message["more_body"]:
                ended.set()

        headers = {"xi-api-key": key, "content-type": "application/json", "content-length": str(len(data))}
        scope = {
            "type": "http", "method": method, "raw_path": path.encode(), "path": path,
            "query_string": query.encode(), "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        async with asyncio.timeout(20):
            await self.app(scope, receive, send)
        ended.set()
        answer.body = b"".join(pieces)
        return answer


@asynccontextmanager
async def one_process(directory: Path) -> AsyncIterator[OneProcess]:
    """Open a vault and put a gateway's app in front of it."""
    journal, client, pool, engine = MemoryJournal(), VaultClient(), EnginePool(), FakeEngine(b"0123456789" * 100)
    async with open_vault(config_for(directory / "data"), SystemClock(), journal) as vault:
        ours, theirs = socket.socketpair()
        await vault.add_gateway(theirs)
        await client.add_link(ours)
        await pool.add_link(await engine.connect(), "engine-0")
        services = GatewayServices(client, pool, SystemClock(), journal)
        try:
            yield OneProcess(build_app(services, gateway_config()), vault)
        finally:
            client.close()
            pool.close()
            for link in engine.links:
                link.close()
            await asyncio.sleep(0.01)


class Tracer:
    """Counts what the vault does: which of its functions are called, in any thread, and which statements are run.

    How often a coroutine goes on depends on when bytes arrive, and how often a writing statement on which rows come
    together: both count once. Must exist before the vault is opened: threads learn of it when they begin.
    """

    def __init__(self) -> None:
        self._work: Work | None = None

    @contextmanager
    def installed(self) -> Iterator[Tracer]:
        threading.setprofile(self._note)
        sa.event.listen(sa.Engine, "before_cursor_execute", self._note_statement)
        try:
            yield self
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", self._note_statement)
            threading.setprofile(None)

    @contextmanager
    def following(self) -> Iterator[Work]:
        """Count while the block runs."""
        self._work = Counter()
        sys.setprofile(self._note)
        try:
            yield self._work
        finally:
            sys.setprofile(None)
            self._work = None

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        work = self._work
        if work is None or event != "call":
            return
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_VAULT_MODULES) and module not in _GROUPING:
            name = (module, frame.f_code.co_qualname)
            work[name] = 1 if frame.f_code.co_flags & CO_COROUTINE else work[name] + 1

    def _note_statement(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self._work is not None:
            name = ("sql", statement)
            self._work[name] = self._work[name] + 1 if statement.startswith("SELECT") else 1
