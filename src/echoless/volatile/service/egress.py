"""The egress process: connections to the outside and nothing else, behind a wall that lets it connect only."""

from __future__ import annotations

import asyncio
import encodings.idna  # noqa: F401  # imported now: behind the wall a first use would still find it, but late
import gc
import os
import ssl
import time
from collections.abc import Sequence
from typing import Final

from echoless.confinement.profile import Role
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, where
from echoless.crossing.child import ChildStart, link_end
from echoless.crossing.control import AddLink, Peer, Stop
from echoless.crossing.egress_control import EgressConfig, NameResolved, OutboundRules
from echoless.volatile.egress.connections import Connections, Reach
from echoless.volatile.egress.courier import CourierWork
from echoless.volatile.egress.host import EgressHost, Performer
from echoless.volatile.egress.mail import Mailer
from echoless.volatile.egress.names import AskedNames, DeclaredName
from echoless.volatile.egress.outbound import Outbound
from echoless.volatile.egress.provider import ProviderWork
from echoless.volatile.egress.remote import RemoteWork
from echoless.volatile.egress.targets import parse_target
from echoless.volatile.service.wall import close_wall

_REMOTE_SILENCE_S_MAX: Final = 300.0


def run_egress(start: ChildStart, config: EgressConfig) -> None:
    """Do what gateways ask, or the vault, until told to stop.

    raises: EcholessError(CONFIGURATION) when the certificates to trust cannot be read
    """
    context = _trust(config)
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(
            lambda _loop, details: _note_lost_error(start, details.get("exception"))
        )
        runner.run(_Egress(start, config, context).serve())


class _Egress:
    """What lives as long as the process."""

    def __init__(self, start: ChildStart, config: EgressConfig, context: ssl.SSLContext) -> None:
        self._start = start
        self._config = config
        self._context = context
        self._client = Peer.VAULT if config.is_courier else Peer.GATEWAY
        self._names = AskedNames(start.control.send)
        self._host = EgressHost(self._performer(), start.journal)
        self._ends: asyncio.Queue[int] = asyncio.Queue()
        self._stopped: asyncio.Event = asyncio.Event()
        self._stop_deadline_s = 0.0

    async def serve(self) -> None:
        """Rehearse, close the wall, report, serve."""
        await _rehearse(self._context)
        report = close_wall(self._start, self._config, Role.EGRESS)
        gc.collect()
        gc.freeze()
        self._start.control.set_blocking(False)
        asyncio.get_running_loop().add_reader(self._start.control, self._receive)
        async with asyncio.TaskGroup() as tasks:
            wiring = tasks.create_task(self._wire())
            self._start.control.send(report)
            await self._stopped.wait()
            await self._host.stop(self._stop_deadline_s)
            wiring.cancel()

    def _performer(self) -> Performer:
        ports = frozenset(self._config.connect_ports)
        if self._config.is_courier:
            return self._courier(ports)
        if self._config.remote is not None:
            # Where a remote is was declared by the operator, who may well have it on a network of his own.
            reach = Reach(allows_private=True, allows_plain=True, silence_s_max=_REMOTE_SILENCE_S_MAX, ports=ports)
            names = DeclaredName(self._names, time.monotonic)
            return RemoteWork(self._config.remote, Connections(names, self._context, reach), self._start.journal)
        assert self._config.outbound is not None, "an egress process has a remote or rules"
        return self._outbound(self._config.outbound, ports)

    def _outbound(self, rules: OutboundRules, ports: frozenset[int]) -> Outbound:
        reach = Reach(allows_private=rules.allows_private, allows_plain=rules.allows_plain, ports=ports)
        return Outbound(Connections(self._names, self._context, reach), time.time)

    def _courier(self, ports: frozenset[int]) -> CourierWork:
        mail, rules = self._config.mail, self._config.outbound
        mailer = None
        if mail is not None:
            names = DeclaredName(self._names, time.monotonic)
            mailer = Mailer(mail, names, self._context, self._start.journal, time.time)
        outbound = self._outbound(rules, ports) if rules is not None and self._config.has_webhooks else None
        return CourierWork(mailer, outbound, self._provider(rules, ports))

    def _provider(self, rules: OutboundRules | None, ports: frozenset[int]) -> ProviderWork | None:
        if rules is None or not self._config.has_sign_on:
            return None
        reach = Reach(allows_private=rules.allows_private, allows_plain=rules.allows_plain, ports=ports)
        return ProviderWork(Connections(self._names, self._context, reach))

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
            if isinstance(record, AddLink) and record.peer is self._client:
                self._ends.put_nowait(descriptors[0])
            elif isinstance(record, NameResolved):
                self._names.answered(record)
            elif isinstance(record, Stop):
                self._stop_deadline_s = record.deadline_s
                self._stopped.set()
            else:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, "this control message is not for an egress process")

    async def _wire(self) -> None:
        while True:
            await self._host.add_link(link_end(await self._ends.get()))


class _Loopback:
    """The one address of the rehearsal."""

    async def addresses_of(self, host: str) -> Sequence[str]:
        """Return loopback."""
        return ("127.0.0.1",)


async def _rehearse(context: ssl.SSLContext) -> None:
    """Make one exchange with this process itself: libraries import what they need at their first use.

    raises: EcholessError when it does not go as written
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nready")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        connections = Connections(_Loopback(), context, Reach(allows_private=True, allows_plain=True))
        async with connections.ask("GET", parse_target(f"http://rehearsal:{port}/"), {}) as said:
            body = await said.whole(64)
    if body != b"ready":
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the rehearsal of an egress process failed")


def _note_lost_error(start: ChildStart, error: BaseException | None) -> None:
    """Say that an error reached the loop; never what it says."""
    if error is not None:
        start.journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))


def _trust(config: EgressConfig) -> ssl.SSLContext:
    """Return a context that verifies certificates and names; its files are read now, before the wall."""
    try:
        context = ssl.create_default_context(cafile=config.ca_path or None)
    except (OSError, ssl.SSLError):
        pass
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context
    raise EcholessError(
        ErrorCode.CONFIGURATION, "the certificates to trust cannot be read", param="outbound_ca_file"
    )
