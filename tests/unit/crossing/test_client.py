"""The gateway's side of its links."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id
from echoless.core.voices import VOICES
from echoless.crossing.client import ClientLeftError, EnginePool, RequestRefusedError, Speech, VaultClient
from echoless.crossing.query_records import GetAccount
from echoless.crossing.records import KIND_AUDIO, Normalization, OpenTicket, Speak, SpeechBegan, SpeechEnded
from echoless.retention.decision import Switch
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_vault import API_KEY, FakeVault

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
QUESTION = OpenTicket(endpoint="GET /v1/models", credential=API_KEY, switch=Switch.ABSENT)


def job(voice: int = 0) -> Speak:
    return Speak(
        text="a", catalogue_id=VOICES[voice].catalogue_id, language_code="", output_format="pcm_8000", settings={},
        seed=None, normalization=Normalization.AUTO, wants_alignment=False, window_bytes=10_000,
    )  # fmt: skip


@asynccontextmanager
async def engines(count: int) -> AsyncIterator[tuple[EnginePool, list[FakeEngine]]]:
    pool, fakes = EnginePool(), [FakeEngine(b"x" * 5000, 1000) for _ in range(count)]
    for index, fake in enumerate(fakes):
        fake.is_silent_after = 1000
        await pool.add_link(await fake.connect(), f"engine-{index}")
    try:
        yield pool, fakes
    finally:
        pool.close()
        for fake in fakes:
            fake.links[0].close()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def vault() -> AsyncIterator[tuple[VaultClient, FakeVault]]:
    client, fake = VaultClient(), FakeVault()
    await client.add_link(await fake.connect())
    try:
        yield client, fake
    finally:
        client.close()
        for link in fake.links:
            link.close()
        await asyncio.sleep(0.01)


async def test_ticket_is_opened_and_refusals_are_raised() -> None:
    async with vault() as (client, _):
        ticket = await client.open_ticket(QUESTION)
        assert ticket.grant.workspace_id == "ws"
        with pytest.raises(RequestRefusedError) as caught:
            await client.open_ticket(OpenTicket(endpoint="GET /v1/models", credential="x", switch=Switch.ABSENT))
        assert caught.value.code is ErrorCode.INVALID_API_KEY


async def test_without_a_vault_nothing_waits() -> None:
    client = VaultClient()
    assert not client.is_connected
    with pytest.raises(EcholessError) as caught:
        await client.open_ticket(QUESTION)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_vault_that_dies_fails_what_waits_and_a_new_one_serves() -> None:
    async with vault() as (client, fake):
        ticket = await client.open_ticket(QUESTION)
        fake.answers[GetAccount] = lambda _: fake.links[0].abort() or SpeechBegan(None)  # type: ignore[func-returns-value]  # dies instead of answering
        with pytest.raises(EcholessError) as caught:
            await ticket.ask(GetAccount())
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        await asyncio.sleep(0.01)
        assert not client.is_connected
        # What is kept on the way fails as a question does: come again.
        with pytest.raises(EcholessError) as caught:
            ticket.post(GetAccount())
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        with pytest.raises(EcholessError) as caught:
            ticket.post_content(KIND_AUDIO, AudioContent(b"x"))
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        await client.add_link(await fake.connect())
        assert client.is_connected
        await client.open_ticket(QUESTION)
        # The old ticket stays with the old vault.
        with pytest.raises(EcholessError):
            await ticket.ask(GetAccount())


async def next_audio(speech: Speech) -> None:
    assert isinstance(await speech.next(), SpeechBegan)
    await speech.next()


async def test_job_goes_to_the_engine_with_the_fewest() -> None:
    async with engines(3) as (pool, fakes):
        with contextlib.ExitStack() as stack:
            for _ in range(6):
                await next_audio(stack.enter_context(pool.speak(new_ticket_id(), job())))
            assert [len(fake.jobs) for fake in fakes] == [2, 2, 2]


async def test_idle_engine_that_last_spoke_the_voice_is_preferred() -> None:
    async with engines(2) as (pool, fakes):
        for voice in (0, 1, 0, 1, 0, 0):
            with pool.speak(new_ticket_id(), job(voice)) as speech:
                await next_audio(speech)
        voices = [{each.speak.catalogue_id for each in fake.jobs} for fake in fakes]
        assert sorted(map(len, voices)) == [1, 1]


async def test_leaving_before_the_end_cancels() -> None:
    async with engines(1) as (pool, fakes):
        with pool.speak(new_ticket_id(), job()) as speech:
            await next_audio(speech)
        await asyncio.sleep(0.01)
        assert fakes[0].jobs[0].is_cancelled


async def test_finished_job_is_not_cancelled() -> None:
    async with engines(1) as (pool, fakes):
        fakes[0].is_silent_after = None
        with pool.speak(new_ticket_id(), job()) as speech:
            while not isinstance(await speech.next(), SpeechEnded):
                pass
        await asyncio.sleep(0.01)
        assert not fakes[0].jobs[0].is_cancelled


async def test_abandoned_speech_wakes_whoever_waits_for_it() -> None:
    async with engines(1) as (pool, fakes):
        with pool.speak(new_ticket_id(), job()) as speech:
            await next_audio(speech)
            waiting = asyncio.create_task(speech.next())
            await asyncio.sleep(0)
            speech.abandon()
            with pytest.raises(ClientLeftError):
                await waiting
        await asyncio.sleep(0.01)
        assert fakes[0].jobs[0].is_cancelled


async def test_streams_of_a_dead_engine_fail_at_once_and_others_go_on() -> None:
    async with engines(2) as (pool, fakes):
        with pool.speak(new_ticket_id(), job(0)) as first, pool.speak(new_ticket_id(), job(1)) as second:
            await next_audio(first)
            await next_audio(second)
            dead = next(fake for fake in fakes if fake.jobs[0].speak == job(0))
            dead.links[0].abort()
            with pytest.raises(EcholessError) as caught:
                await first.next()
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
            assert pool.engine_count == 1
        alive = next(fake for fake in fakes if fake is not dead)
        with pool.speak(new_ticket_id(), job(0)) as speech:
            await next_audio(speech)
        assert len(alive.jobs) == 2


async def test_successor_of_a_name_takes_over_and_running_jobs_end_where_they_are() -> None:
    async with engines(1) as (pool, fakes):
        successor = FakeEngine(b"y" * 100, 50)
        with pool.speak(new_ticket_id(), job()) as speech:
            await next_audio(speech)
            await pool.add_link(await successor.connect(), "engine-0")
            assert pool.engine_count == 1
            assert not fakes[0].links[0].is_closed
            fakes[0].is_silent_after = None
            fakes[0].jobs[0].moved.set()
            while not isinstance(await speech.next(), SpeechEnded):
                pass
        await asyncio.sleep(0.01)
        assert fakes[0].links[0].is_closed
        with pool.speak(new_ticket_id(), job()) as speech:
            await next_audio(speech)
        assert len(successor.jobs) == 1
        successor.links[0].close()


async def test_without_engines_nothing_waits() -> None:
    with pytest.raises(EcholessError) as caught:
        EnginePool().speak(new_ticket_id(), job())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
