"""Serves an app on a listening socket that somebody else opened and keeps.

uvicorn does the HTTP, asyncio's own loop the rest. Nothing is logged; nothing is bound or connected here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from uvicorn.config import Config
from uvicorn.server import ServerState

from echoless.core.journal import Journal
from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.collecting import CycleCollector
from echoless.volatile.gateway.connection import Connection, ConnectionLimits
from echoless.volatile.gateway.muffler import Muffler
from echoless.volatile.gateway.ports import App
from echoless.volatile.gateway.socket_connection import MESSAGE_BYTES_MAX

_BACKLOG: Final = 1024
# Several gateways accept from one socket: each takes little at a time, so that none takes all.
_ACCEPTS_PER_WAKE_UP: Final = 1
_TLS_HANDSHAKE_S: Final = 10.0
_FAREWELL_S: Final = 0.5


class GatewayServer:
    """The HTTP server of one gateway.

    on_collected: told whenever what responses left behind has been collected and wiped
    """

    def __init__(
        self, app: App, settings: GatewayConfig, journal: Journal, on_collected: Callable[[], None] = lambda: None
    ) -> None:
        self._config = Config(
            app=app,
            interface="asgi3",
            http=Connection,
            ws="none",
            ws_max_size=MESSAGE_BYTES_MAX,
            # Its windows would keep what was said.
            ws_per_message_deflate=False,
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        self._config.load()
        self._state = ServerState()
        self._limits = ConnectionLimits(
            settings.header_timeout_s, settings.keep_alive_timeout_s, settings.write_timeout_s
        )
        self._muffler = Muffler(journal)
        self._on_collected = on_collected
        self._servers: list[asyncio.Server] = []
        self._collector: CycleCollector | None = None

    @property
    def connection_count(self) -> int:
        """Connections that are open."""
        return len(self._state.connections)

    async def start(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Accept connections from a bound socket; may be called for several."""
        loop = asyncio.get_running_loop()
        if self._collector is None:
            self._collector = CycleCollector(loop, self._on_collected)
        listener.setblocking(False)
        server = await loop.create_server(
            self._connection,
            sock=listener,
            ssl=tls,
            backlog=_ACCEPTS_PER_WAKE_UP,
            ssl_handshake_timeout=_TLS_HANDSHAKE_S if tls is not None else None,
        )
        # asyncio has one number for the kernel's queue and for accepts at a time; the queue is to be long.
        listener.listen(_BACKLOG)
        self._servers.append(server)

    async def stop(self, deadline_s: float) -> None:
        """Let running requests and sockets end until the deadline, accept no more, then cut what is left.

        Meanwhile connections are still accepted: whoever asks is told by the app that this process is stopping.
        """
        for connection in tuple(self._state.connections):
            # A socket is told at the end only: what it is in the middle of may be done by then.
            if isinstance(connection, Connection):
                connection.shutdown()
        tasks = set(self._state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=deadline_s)
        for server in self._servers:
            server.close()
        await self._close_sockets()
        for connection in tuple(self._state.connections):
            connection.transport.close()
        left = {task for task in tasks if not task.done()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1.0)
        if self._collector is not None:
            self._collector.close()

    async def _close_sockets(self) -> None:
        """Tell sockets that the service restarts, and give their work a moment to take note."""
        for connection in tuple(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=_FAREWELL_S)

    def _connection(self) -> Connection:
        assert self._collector is not None
        return Connection(self._config, self._state, self._limits, self._muffler, self._collector.note_response)
