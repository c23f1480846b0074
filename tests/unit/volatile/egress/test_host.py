"""The jobs of an egress process as a whole: ends, cancels, gateways that go, and errors that say nothing."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event
from echoless.crossing.egress_client import OutboundClient
from echoless.crossing.records import Record
from echoless.volatile.egress import host as host_module
from echoless.volatile.egress.jobs import Job
from tests.fakes.egress_pair import PEER, tied

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Scripted:
    """Does what it is told instead of a job."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.begun = 0
        self.is_cancelled = False

    async def perform(self, job: Job, asked: Record) -> None:
        self.begun += 1
        if self.error is not None:
            raise self.error
        try:
            await asyncio.Event().wait()
        finally:
            self.is_cancelled = True


async def fetch(client: OutboundClient) -> None:
    async with client.fetch(TextContent("https://secret.example/")):
        pass


async def test_an_error_of_ours_reaches_the_gateway_with_its_words() -> None:
    async with tied(Scripted(EcholessError(ErrorCode.FILE_TOO_LARGE, "words"))) as pair:
        with pytest.raises(EcholessError) as caught:
            await fetch(OutboundClient(pair.links, PEER, has_fetches=True))
    assert (caught.value.code, caught.value.public_description) == (ErrorCode.FILE_TOO_LARGE, "words")


async def test_any_other_error_costs_one_job_and_says_its_type_only() -> None:
    """C26, T5."""
    async with tied(Scripted(ValueError("cannot fetch https://secret.example/"))) as pair:
        with pytest.raises(EcholessError) as caught:
            await fetch(OutboundClient(pair.links, PEER, has_fetches=True))
        assert caught.value.code is ErrorCode.INTERNAL_ERROR
        ((event, fields),) = pair.journal.events
    assert event is Event.UNEXPECTED_ERROR
    assert fields["error"] == "ValueError"
    assert "secret" not in str(fields)


async def test_a_gateway_that_is_gone_takes_its_jobs_with_it() -> None:
    scripted = Scripted()
    async with tied(scripted) as pair:
        waiting = asyncio.ensure_future(fetch(OutboundClient(pair.links, PEER, has_fetches=True)))
        while not scripted.begun:
            await asyncio.sleep(0.001)
        pair.links.close()
        with pytest.raises(EcholessError):
            await waiting
        await asyncio.sleep(0.01)
        assert scripted.is_cancelled
        assert pair.host.job_count == 0


async def test_leaving_a_fetch_stops_it() -> None:
    scripted = Scripted()
    async with tied(scripted) as pair:
        waiting = asyncio.ensure_future(fetch(OutboundClient(pair.links, PEER, has_fetches=True)))
        while not scripted.begun:
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.01)
        assert scripted.is_cancelled


async def test_more_jobs_than_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "JOBS_MAX", 1)
    scripted = Scripted()
    async with tied(scripted) as pair:
        client = OutboundClient(pair.links, PEER, has_fetches=True)
        first = asyncio.ensure_future(fetch(client))
        while not scripted.begun:
            await asyncio.sleep(0.001)
        with pytest.raises(EcholessError) as caught:
            await fetch(client)
        assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


@pytest.mark.claim("Z1")
async def test_what_failed_is_collected_soon_while_another_job_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """C32: an error and the frames that it names hold each other, so no count ends them."""
    monkeypatch.setattr(host_module, "_COLLECT_AFTER_S", 0.01)
    ringed = Ringed()
    gc.disable()
    try:
        async with tied(ringed) as pair:
            client = OutboundClient(pair.links, PEER, has_fetches=True)
            lasting = asyncio.ensure_future(fetch(client))
            while not ringed.begun:
                await asyncio.sleep(0.001)
            with pytest.raises(EcholessError):
                await fetch(client)
            (held,) = ringed.held
            async with asyncio.timeout(5):
                while held() is not None:
                    await asyncio.sleep(0.005)
            assert pair.host.job_count == 1
            lasting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await lasting
    finally:
        gc.enable()


class Held:
    """What lives as long as the frame that has it."""


class Ringed:
    """Lets the first job last; the others fail with an error that holds itself by its frame."""

    def __init__(self) -> None:
        self.begun = 0
        self.held: list[weakref.ref[Held]] = []

    async def perform(self, job: Job, asked: Record) -> None:
        self.begun += 1
        if self.begun == 1:
            await asyncio.Event().wait()
        held = Held()
        self.held.append(weakref.ref(held))
        error = EcholessError(ErrorCode.INVALID_PARAMETERS, "words")
        raise error
