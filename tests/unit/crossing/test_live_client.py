"""Sessions of live recognition over a real link: what waits, what ends, and who gets the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id
from echoless.crossing import live_client
from echoless.crossing.live_client import LivePool
from echoless.crossing.live_records import CommittedText, Listen, ListeningEnded, PartialText
from echoless.crossing.records import Credit
from tests.fakes.fake_live import FakeLive

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

ORDER = Listen("", "", "pcm_16000", False, 1.5, 0.4, 100, 100, False, [])
AUDIO = AudioContent(bytes(100_000))


@asynccontextmanager
async def pool_of(*fakes: FakeLive) -> AsyncIterator[LivePool]:
    pool = LivePool()
    for index, fake in enumerate(fakes):
        await pool.add_link(await fake.connect(), f"live-{index}")
    try:
        yield pool
    finally:
        pool.close()
        for fake in fakes:
            for link in fake.links:
                link.close()
        await asyncio.sleep(0.01)


async def test_audio_goes_in_pieces_and_is_credited_as_it_is_heard() -> None:
    fake = FakeLive()
    async with pool_of(fake) as pool:
        with pool.listen(new_ticket_id(), ORDER) as listening:
            listening.add_audio(AUDIO)
            assert listening.waiting_bytes == 100_000
            assert isinstance(await listening.next(), PartialText)
            assert isinstance(await listening.next(), PartialText)
            assert listening.waiting_bytes == 0
            assert max(fake.sessions[0].frame_bytes) == 65536
            listening.commit()
            committed = await listening.next()
            assert isinstance(committed, CommittedText)
            listening.end_input()
            assert isinstance(await listening.next(), ListeningEnded)
            with pytest.raises(EcholessError):
                listening.add_audio(AUDIO)
        await asyncio.sleep(0.01)
        assert not fake.sessions[0].is_cancelled


async def test_whoever_leaves_early_stops_the_recogniser() -> None:
    fake = FakeLive()
    async with pool_of(fake) as pool:
        with pool.listen(new_ticket_id(), ORDER):
            pass
        await asyncio.sleep(0.01)
        assert fake.sessions[0].is_cancelled


async def test_a_recogniser_that_dies_or_talks_nonsense_fails_its_sessions() -> None:
    fake = FakeLive()
    async with pool_of(fake) as pool:
        with pool.listen(new_ticket_id(), ORDER) as listening:
            await asyncio.sleep(0.01)
            fake.links[0].post(Credit(1), correlation=1)
            with pytest.raises(EcholessError) as caught:
                await listening.next()
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
            fake.links[0].close()
            with pytest.raises(EcholessError):
                await listening.next()
            with pytest.raises(EcholessError):
                listening.commit()
        await asyncio.sleep(0.01)
        assert pool.process_count == 0
        with pytest.raises(EcholessError) as caught:
            pool.listen(new_ticket_id(), ORDER)
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_whoever_comes_while_none_lives_waits_for_it_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeLive()
    async with pool_of() as pool:
        waiting = [asyncio.create_task(pool.wait()) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        await pool.add_link(await fake.connect(), "live-0")
        await asyncio.gather(*waiting)
        await pool.wait()
        fake.links[0].close()
        await asyncio.sleep(0.01)
        monkeypatch.setattr(live_client, "PLACE_S_MAX", 0.02)
        with pytest.raises(EcholessError) as caught:
            await pool.wait()
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_only_a_recogniser_that_owes_something_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_client, "_SILENT_S_MAX", 0.02)
    fake = FakeLive()
    fake.is_deaf = True
    async with pool_of(fake) as pool:
        with pool.listen(new_ticket_id(), ORDER) as listening:
            waiting = asyncio.create_task(listening.next())
            await asyncio.sleep(0.1)
            assert not waiting.done()
            listening.add_audio(AUDIO)
            with pytest.raises(EcholessError):
                await waiting


async def test_the_process_with_the_fewest_sessions_gets_the_next_and_all_may_be_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_client, "_SESSIONS_PER_PROCESS_MAX", 2)
    fakes = FakeLive(), FakeLive()
    async with pool_of(*fakes) as pool:
        sessions = [pool.listen(new_ticket_id(), ORDER).__enter__() for _ in range(4)]
        await asyncio.sleep(0.01)
        assert [len(fake.sessions) for fake in fakes] == [2, 2]
        with pytest.raises(EcholessError) as caught:
            pool.listen(new_ticket_id(), ORDER)
        assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        sessions[0].__exit__(None, None, None)
        pool.listen(new_ticket_id(), ORDER)


async def test_a_successor_takes_the_new_sessions_and_the_old_process_ends_with_its_last() -> None:
    old, new = FakeLive(), FakeLive()
    async with pool_of(old) as pool:
        listening = pool.listen(new_ticket_id(), ORDER).__enter__()
        await pool.add_link(await new.connect(), "live-0")
        with pool.listen(new_ticket_id(), ORDER):
            await asyncio.sleep(0.01)
        assert (len(old.sessions), len(new.sessions)) == (1, 1)
        assert not old.links[0].is_closed
        listening.__exit__(None, None, None)
        await asyncio.sleep(0.01)
        assert old.links[0].is_closed
        new.links[0].close()
