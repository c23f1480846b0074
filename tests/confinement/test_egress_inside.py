"""A real egress process behind its real wall: it asks for names, and connects only where it may."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version
from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import AddLink, ControlEnd, Peer, ProcessReady, Stop
from echoless.crossing.egress_client import EgressLinks, OutboundClient
from echoless.crossing.egress_control import EgressConfig, NameResolved, OutboundRules, ResolveName
from tests.fakes.outside import Outside, Said

pytestmark = [pytest.mark.confinement, pytest.mark.anyio]


@dataclass(slots=True)
class Running:
    """An egress process, and the supervisor's and a gateway's side of it."""

    ready: ProcessReady
    client: OutboundClient
    control: ControlEnd
    process: subprocess.Popen[bytes]
    asked: list[str]

    async def fetched(self, url: str, addresses: Sequence[str] = ("127.0.0.1",)) -> bytes:
        """Fetch, answering for every name with these addresses."""
        answering = asyncio.ensure_future(asyncio.to_thread(self._answer_names, list(addresses)))
        try:
            async with self.client.fetch(TextContent(url)) as pieces:
                return b"".join([piece.reveal() async for piece in pieces])
        finally:
            self.control.send(Stop(0.0))
            await answering

    def _answer_names(self, addresses: list[str]) -> None:
        while (message := self.control.receive()) is not None:
            record = message[0]
            assert isinstance(record, ResolveName)
            self.asked.append(record.host)
            self.control.send(NameResolved(record.number, addresses))


@asynccontextmanager
async def egress(*ports: int, allows_private: bool = True) -> AsyncIterator[Running]:
    """Start an egress process as the supervisor does."""
    ours, theirs = ControlEnd.pair()
    journal_read, journal_write = os.pipe2(os.O_NONBLOCK)
    process = subprocess.Popen(
        [sys.executable, "-m", "echoless.volatile.service", "egress", str(theirs.fileno()), str(journal_write)],
        pass_fds=(theirs.fileno(), journal_write), stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", **ALLOCATOR_ENVIRONMENT},
    )  # fmt: skip
    theirs.close()
    os.close(journal_write)
    links = EgressLinks()
    try:
        rules = OutboundRules(allows_private=allows_private, allows_plain=True)
        ours.send(EgressConfig("egress-0", False, "strict", True, ports or (443,), outbound=rules))
        message = await asyncio.to_thread(ours.receive)
        assert message is not None
        assert isinstance(message[0], ProcessReady)
        near, far = socket.socketpair()
        with far:
            ours.send(AddLink(Peer.GATEWAY, "gateway-0"), (far.fileno(),))
        await links.add_link(near, "egress-0")
        client = OutboundClient(links, "egress-0", has_fetches=True)
        async with asyncio.timeout(30):
            yield Running(message[0], client, ours, process, [])
    finally:
        links.close()
        ours.close()
        assert await asyncio.to_thread(process.wait, 10) == 0
        os.close(journal_read)


@pytest.mark.claim("Z21")
async def test_it_fetches_behind_its_wall_and_asks_for_the_name() -> None:
    outside = Outside(lambda _asked: Said(body=b"recorded"))
    async with outside.serving(), egress(outside.port) as running:
        assert running.ready.missing == []
        assert await running.fetched(f"http://files.example:{outside.port}/a") == b"recorded"
        assert running.asked == ["files.example"]


@pytest.mark.claim("Z6")
async def test_the_kernel_holds_it_to_its_ports() -> None:
    if abi_version(Kernel()) < 4:
        pytest.skip("this kernel's Landlock knows no ports")
    outside = Outside(lambda _asked: Said(body=b"recorded"))
    async with outside.serving(), egress(443) as running:
        with pytest.raises(EcholessError) as caught:
            await running.fetched(f"http://files.example:{outside.port}/a")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert outside.connection_count == 0


@pytest.mark.claim("Z21")
async def test_a_name_that_leads_to_this_machine_is_refused() -> None:
    outside = Outside(lambda _asked: Said(body=b"recorded"))
    async with outside.serving(), egress(outside.port, allows_private=False) as running:
        with pytest.raises(EcholessError) as caught:
            await running.fetched(f"http://files.example:{outside.port}/a")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert outside.connection_count == 0


@pytest.mark.claim("Z19")
async def test_it_ends_when_its_supervisor_is_gone() -> None:
    async with egress() as running:
        running.control.close()
        assert await asyncio.to_thread(running.process.wait, 10) == 0
