"""The queues of media processes, as a gateway sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from echoless.core.ids import new_ticket_id
from echoless.crossing.link import Link
from echoless.crossing.media_places import MediaPlace
from echoless.crossing.media_records import MEDIA_RECORDS, DocumentsEnded, RenderTranscript
from echoless.crossing.records import Cancel, core_registry
from tests.fakes.fake_media import FakeMedia, word
from tests.unit.crossing.test_media_client import TRANSCRIBE

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@asynccontextmanager
async def place_of(fake: FakeMedia) -> AsyncIterator[MediaPlace]:
    link = await Link.open(await fake.connect(), core_registry(MEDIA_RECORDS))
    try:
        async with asyncio.timeout(10):
            yield MediaPlace(link, "media-0")
    finally:
        link.close()
        for other in fake.links:
            other.close()
        await asyncio.sleep(0.01)


async def test_a_place_that_retires_closes_its_link_with_the_last_of_its_jobs() -> None:
    async with place_of(FakeMedia()) as place:
        turns = [place.queue(new_ticket_id(), TRANSCRIBE) for _ in range(2)]
        place.retire()
        for turn in turns:
            await asyncio.sleep(0.01)
            assert not place.link.is_closed
            turn.leave()
        await asyncio.sleep(0.01)
        assert place.link.is_closed
        assert place.job_count == 0


async def test_an_idle_place_retires_at_once() -> None:
    async with place_of(FakeMedia()) as place:
        place.retire()
        await asyncio.sleep(0.01)
        assert place.link.is_closed


async def test_nothing_is_posted_to_a_process_that_is_gone() -> None:
    async with place_of(FakeMedia()) as place:
        turn = place.queue(new_ticket_id(), TRANSCRIBE)
        place.link.close()
        await asyncio.sleep(0.01)
        turn.post(Cancel())
        turn.leave()
        assert place.job_count == 0


@pytest.mark.parametrize("count", [0, 1, 4000, 4001, 8001])
async def test_a_transcript_of_any_length_arrives_whole_to_be_rendered(count: int) -> None:
    fake = FakeMedia()
    words = [word(f"{index} " * 20, 0.0, 0.1) for index in range(count)]
    async with place_of(fake) as place:
        turn = place.queue(new_ticket_id(), RenderTranscript(words, "en", []))
        assert isinstance(turn.decoded(await turn.exchange.receive()), DocumentsEnded)
        turn.leave()
    order = fake.jobs[-1].order
    assert isinstance(order, RenderTranscript)
    assert fake.first_words + order.words == words
