"""The gateway process: HTTP in front, links to the vault and the engines behind, inside the wall."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from pathlib import Path

from echoless.confinement.profile import Role
from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, where
from echoless.crossing.child import ChildStart, link_end
from echoless.crossing.client import EnginePool, VaultClient
from echoless.crossing.control import AddLink, GatewayConfig, Peer, Stop
from echoless.crossing.egress_client import EgressLinks, OutboundClient
from echoless.crossing.live_client import LivePool
from echoless.crossing.media_client import MediaPool
from echoless.crossing.remote_client import RemotePool
from echoless.volatile.gateway.app import build_app
from echoless.volatile.gateway.collecting import freeze_start
from echoless.volatile.gateway.engine_router import EngineRouter
from echoless.volatile.gateway.moderating import moderation_of
from echoless.volatile.gateway.ports import GatewayServices
from echoless.volatile.gateway.server import GatewayServer
from echoless.volatile.service.rehearsal import rehearse
from echoless.volatile.service.wall import close_wall


def run_gateway(start: ChildStart, config: GatewayConfig) -> None:
    """Serve requests until told to stop.

    raises: EcholessError(CONFIGURATION) when certificate or key cannot be used
    """
    # Read before the wall closes: behind it neither file can be opened.
    tls = _tls_context(config)
    rules_text = _rules_text(config)
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(
            lambda _loop, context: _note_lost_error(start, context.get("exception"))
        )
        runner.run(_serve(start, config, tls, rules_text))


async def _serve(start: ChildStart, config: GatewayConfig, tls: ssl.SSLContext | None, rules_text: str) -> None:
    await _Gateway(start, config, tls, rules_text).serve()


class _Gateway:
    """What lives as long as the process."""

    def __init__(
        self, start: ChildStart, config: GatewayConfig, tls: ssl.SSLContext | None, rules_text: str
    ) -> None:
        self._start = start
        self._config = config
        self._tls = tls
        self._vault = VaultClient()
        self._engines = EnginePool()
        self._media = MediaPool()
        self._live = LivePool()
        self._ways_out = EgressLinks()
        remotes = RemotePool(self._ways_out, config.remotes)
        services = GatewayServices(
            self._vault,
            EngineRouter(self._engines),
            SystemClock(),
            start.journal,
            media=self._media,
            live=self._live,
            outbound=OutboundClient(
                self._ways_out,
                config.outbound_peer,
                has_fetches=config.has_fetches,
                has_webhooks=config.has_webhooks,
                fetch_bytes_max=config.upload_bytes_max,
            ),
            remotes=remotes,
            moderation=moderation_of(config.moderation, rules_text, remotes, start.journal),
        )
        self._duty = services.duty
        self._server = GatewayServer(build_app(services, config), config, start.journal, self._vault.note_scrubbed)
        self._ends: asyncio.Queue[tuple[AddLink, int]] = asyncio.Queue()
        self._stop_deadline_s: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Rehearse, close the wall, tie the links, report, serve."""
        await rehearse(self._config, self._start.journal, self._tls)
        report = close_wall(self._start, self._config, Role.GATEWAY)
        freeze_start()
        self._start.control.set_blocking(False)
        asyncio.get_running_loop().add_reader(self._start.control, self._receive)
        async with asyncio.TaskGroup() as tasks:
            wiring = tasks.create_task(self._wire())
            # Links and the listening socket come once the supervisor has taken the report into account.
            self._start.control.send(report)
            deadline_s = await self._stop_deadline_s
            self._duty.is_draining = True
            await self._server.stop(deadline_s)
            wiring.cancel()

    def _receive(self) -> None:
        """Take control messages; without a supervisor there is nothing to live for."""
        while True:
            try:
                message = self._start.control.receive()
            except BlockingIOError:
                return
            if message is None:
                os._exit(0)
            record, descriptors = message
            if isinstance(record, AddLink):
                self._ends.put_nowait((record, descriptors[0]))
            elif isinstance(record, Stop):
                if not self._stop_deadline_s.done():
                    self._stop_deadline_s.set_result(record.deadline_s)
            else:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, "this control message is not for a gateway")

    async def _wire(self) -> None:
        """Tie one end after another, in the order in which they came."""
        while True:
            link, descriptor = await self._ends.get()
            if link.peer is Peer.VAULT:
                await self._vault.add_link(link_end(descriptor))
            elif link.peer is Peer.ENGINE:
                await self._engines.add_link(link_end(descriptor), link.peer_name)
            elif link.peer is Peer.MEDIA:
                await self._media.add_link(link_end(descriptor), link.peer_name)
            elif link.peer is Peer.LIVE:
                await self._live.add_link(link_end(descriptor), link.peer_name)
            elif link.peer is Peer.EGRESS:
                await self._ways_out.add_link(link_end(descriptor), link.peer_name)
            elif link.peer is Peer.HTTP_LISTENER:
                await self._server.start(socket.socket(fileno=descriptor), self._tls)


def _rules_text(config: GatewayConfig) -> str:
    """Return the operator's own rules of moderation, empty where there are none.

    raises: EcholessError(CONFIGURATION) where their file cannot be read
    """
    path = config.moderation.rules_path if config.moderation is not None else ""
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    raise EcholessError(ErrorCode.CONFIGURATION, "the rules of moderation cannot be read", param="moderation")


def _tls_context(config: GatewayConfig) -> ssl.SSLContext | None:
    if not config.tls_certificate_path:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.tls_certificate_path, config.tls_key_path)
    except (OSError, ssl.SSLError):
        pass
    else:
        return context
    raise EcholessError(
        ErrorCode.CONFIGURATION, "certificate and key cannot be read, or do not belong together", param="tls_cert"
    )


def _note_lost_error(start: ChildStart, error: BaseException | None) -> None:
    """Say that an error reached the loop; never what it says."""
    if error is not None:
        start.journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
