"""The gateway's side of its links to media processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id
from echoless.crossing import media_client
from echoless.crossing.client import ClientLeftError
from echoless.crossing.media_client import MediaJob, MediaPart, MediaPool
from echoless.crossing.media_records import (
    Convert,
    DocumentsEnded,
    InputFormat,
    InputKnown,
    RenderTranscript,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
)
from echoless.crossing.records import SpeechEnded
from tests.fakes.fake_media import FakeMedia

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TRANSCRIBE = Transcribe(
    engine_model="", language_code="", input_format=InputFormat.OTHER, wants_characters=False, is_diarized=False,
    speaker_count=None, diarization_threshold=None, is_multichannel=False, tags_events=True, drops_fillers=False,
    keyterms=[], seed=None, temperature=0.0, duration_ms_max=1000,
)  # fmt: skip
CONVERT = Convert(
    engine_model="", catalogue_id="v", settings={}, seed=None, output_format="pcm_16000",
    input_format=InputFormat.OTHER, removes_noise=False, window_bytes=16384, duration_ms_max=1000,
)  # fmt: skip


@asynccontextmanager
async def media(*fakes: FakeMedia) -> AsyncIterator[MediaPool]:
    pool = MediaPool()
    for index, fake in enumerate(fakes):
        await pool.add_link(await fake.connect(), f"media-{index}")
    try:
        async with asyncio.timeout(10):
            yield pool
    finally:
        pool.close()
        for fake in fakes:
            for link in fake.links:
                link.close()
        await asyncio.sleep(0.01)


async def feed(job: MediaJob, data: bytes) -> None:
    await job.send_input(AudioContent(data))
    await job.end_input()


async def parts(job: MediaJob) -> list[MediaPart]:
    found = [await job.next()]
    while not isinstance(found[-1], SpeechEnded | TranscriptEnded):
        found.append(await job.next())
    return found


async def test_input_arrives_whole_and_within_the_window() -> None:
    """C17: however large an upload is, one window of it is on its way."""
    fake, data = FakeMedia(100_000), bytes(range(256)) * 4000
    async with media(fake) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            found, _ = await asyncio.gather(parts(job), feed(job, data))
    assert bytes(fake.jobs[0].input) == data
    assert 0 < fake.jobs[0].outstanding_bytes_max <= 100_000
    assert [type(part) for part in found] == [InputKnown, TranscriptPart, TranscriptEnded]


async def test_conversion_answers_with_audio_as_credit_comes() -> None:
    fake, data = FakeMedia(), bytes(range(256)) * 400
    async with media(fake) as pool:
        with pool.convert(new_ticket_id(), CONVERT) as job:
            feeding = asyncio.create_task(feed(job, data))
            audio = b""
            while not isinstance(part := await job.next(), SpeechEnded):
                if isinstance(part, AudioContent):
                    audio += part.reveal()
                    job.credit(len(part))
            await feeding
    assert audio == data


async def test_a_job_goes_to_the_process_with_the_fewest() -> None:
    first, second = FakeMedia(), FakeMedia()
    first.is_queued = second.is_queued = True
    async with media(first, second) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE), pool.transcribe(new_ticket_id(), TRANSCRIBE):
            await asyncio.sleep(0.01)
            assert [len(first.jobs), len(second.jobs)] == [1, 1]


async def test_a_waiting_job_moves_to_another_process_when_its_own_dies() -> None:
    first, second = FakeMedia(), FakeMedia()
    first.is_queued = second.is_queued = True
    async with media(first, second) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            feeding = asyncio.create_task(feed(job, b"data"))
            await asyncio.sleep(0.01)
            dead, alive = (first, second) if first.jobs else (second, first)
            dead.die()
            alive.let_in()
            assert isinstance((await answering)[-1], TranscriptEnded)
            await feeding
    assert bytes(alive.jobs[0].input) == b"data"
    assert not dead.jobs[0].input


async def test_a_begun_job_ends_with_its_process_and_the_next_one_waits_for_the_successor() -> None:
    first, second = FakeMedia(), FakeMedia()
    async with media(first) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            await job.send_input(AudioContent(b"data"))
            first.die()
            with pytest.raises(EcholessError) as caught:
                await answering
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
            with pytest.raises(EcholessError):
                await job.send_input(AudioContent(b"more"))
        assert pool.process_count == 0
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            both = asyncio.gather(parts(job), feed(job, b"data"))
            await asyncio.sleep(0.02)
            await pool.add_link(await second.connect(), "media-0")
            found, _ = await both
        assert isinstance(found[-1], TranscriptEnded)
        assert bytes(second.jobs[0].input) == b"data"
        for link in second.links:
            link.close()


async def test_a_job_waits_for_a_process_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_client, "PLACE_S_MAX", 0.1)
    async with media() as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            with pytest.raises(EcholessError) as caught:
                await asyncio.gather(parts(job), feed(job, b"data"))
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            await asyncio.sleep(0.01)
            job.abandon()
            with pytest.raises(ClientLeftError):
                await answering


async def test_leaving_early_cancels_the_job() -> None:
    fake = FakeMedia()
    async with media(fake) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
    assert fake.jobs[0].is_cancelled


@pytest.mark.parametrize("failure", [None, EcholessError(ErrorCode.FILE_TOO_LARGE, "too large")])
async def test_abandoning_wakes_both_sides_with_the_reason(failure: EcholessError | None) -> None:
    fake = FakeMedia(10)
    fake.takes_input = False
    async with media(fake) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            feeding = asyncio.create_task(feed(job, bytes(100)))
            await asyncio.sleep(0.01)
            job.abandon(failure)
            for task in (answering, feeding):
                with pytest.raises(EcholessError) as caught:
                    await task
                assert caught.value is failure or isinstance(caught.value, ClientLeftError)
        await asyncio.sleep(0.01)
    assert fake.jobs[0].is_cancelled


async def test_an_early_end_lets_the_sender_go() -> None:
    fake = FakeMedia(1000)
    fake.takes_input, fake.ends_after_bytes, fake.error_code = False, 500, "invalid_audio"
    async with media(fake) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            found, _ = await asyncio.gather(parts(job), feed(job, bytes(5000)))
    assert isinstance(found[-1], TranscriptEnded)
    assert found[-1].error_code == "invalid_audio"


async def test_waits_are_bounded_by_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_client, "QUEUED_S_MAX", 0.05)
    monkeypatch.setattr(media_client, "SILENT_S_MAX", 0.05)
    fake = FakeMedia(10)
    fake.takes_input = False
    async with media(fake) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            await asyncio.sleep(0.2)
            # Nobody sends anything: that is the client's silence, and not the process's.
            assert not answering.done()
            with pytest.raises(EcholessError):
                await job.send_input(AudioContent(bytes(100)))
            with pytest.raises(EcholessError) as caught:
                await answering
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        fake.is_queued = True
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            with pytest.raises(EcholessError) as caught:
                await job.next()
            assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED


RENDER = RenderTranscript([], "en", [])


async def test_files_wait_longer_than_recordings_and_for_a_place_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was recognised at length is not lost because somebody else's recording is long."""
    monkeypatch.setattr(media_client, "QUEUED_S_MAX", 0.02)
    monkeypatch.setattr(media_client, "_JOBS_PER_PROCESS_MAX", 1)
    fake = FakeMedia()
    fake.is_queued = True
    async with media(fake) as pool:
        with (
            pool.transcribe(new_ticket_id(), TRANSCRIBE),
            pool.render(new_ticket_id(), RENDER) as job,
        ):
            answering = asyncio.create_task(job.next())
            await asyncio.sleep(0.3)
            assert not answering.done()
            with pytest.raises(EcholessError), pool.render(new_ticket_id(), RENDER):
                pass
            fake.let_in()
            assert await answering == DocumentsEnded("")
        monkeypatch.setattr(media_client, "FILES_QUEUED_S_MAX", 0.02)
        fake.is_queued = True
        with pool.render(new_ticket_id(), RENDER) as job:
            with pytest.raises(EcholessError) as caught:
                await job.next()
            assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED


async def test_files_that_processes_die_of_are_given_up() -> None:
    fakes = [FakeMedia() for _ in range(media_client.FILES_LOSSES_MAX + 1)]
    async with media(*fakes) as pool:
        for fake in fakes:
            fake.is_queued = True
        with pool.render(new_ticket_id(), RENDER) as job:
            answering = asyncio.create_task(job.next())
            for _ in range(media_client.FILES_LOSSES_MAX):
                await asyncio.sleep(0.02)
                assert not answering.done()
                next(fake for fake in fakes if fake.jobs and not fake.links[0].is_closed).die()
            with pytest.raises(EcholessError) as caught:
                await answering
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
        assert sum(bool(fake.jobs) for fake in fakes) == media_client.FILES_LOSSES_MAX


async def test_full_processes_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_client, "_JOBS_PER_PROCESS_MAX", 1)
    async with media(FakeMedia()) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE):
            with pytest.raises(EcholessError) as caught, pool.transcribe(new_ticket_id(), TRANSCRIBE):
                pass
            assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
        with pool.transcribe(new_ticket_id(), TRANSCRIBE):
            pass


async def test_a_successor_takes_over_once_the_jobs_of_the_old_process_are_done() -> None:
    old, new = FakeMedia(), FakeMedia()
    async with media(old) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            await pool.add_link(await new.connect(), "media-0")
            assert pool.process_count == 1
            found, _ = await asyncio.gather(parts(job), feed(job, b"data"))
            assert isinstance(found[-1], TranscriptEnded)
            assert not old.links[0].is_closed
        await asyncio.sleep(0.01)
        assert old.links[0].is_closed
        for link in new.links:
            link.close()


async def test_nonsense_ends_the_job() -> None:
    fake = FakeMedia()
    fake.is_queued = True
    async with media(fake) as pool:
        with pool.render(new_ticket_id(), RenderTranscript([], "en", [])) as job:
            await asyncio.sleep(0.01)
            fake.links[0].post(TRANSCRIBE, correlation=1)
            with pytest.raises(EcholessError) as caught:
                await job.next()
            assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_a_job_that_waits_goes_to_whichever_process_is_free_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another gateway's job of an hour may run in the process that seemed free to this one."""
    monkeypatch.setattr(media_client, "OFFER_S", 0.02)
    busy, free = FakeMedia(), FakeMedia()
    busy.is_queued = free.is_queued = True
    async with media(busy, free) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            both = asyncio.gather(parts(job), feed(job, b"data"))
            await asyncio.sleep(0.05)
            assert [len(busy.jobs), len(free.jobs)] == [1, 1]
            free.let_in()
            found, _ = await both
        await asyncio.sleep(0.01)
        assert isinstance(found[-1], TranscriptEnded)
        assert bytes(free.jobs[0].input) == b"data"
        assert busy.jobs[0].is_cancelled
        assert not busy.jobs[0].input
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            assert sum(place.job_count for place in pool._places) == 1


async def test_a_process_that_dies_or_refuses_leaves_a_waiting_job_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_client, "OFFER_S", 0.02)
    dead, full, free = FakeMedia(), FakeMedia(), FakeMedia()
    dead.is_queued = full.is_queued = free.is_queued = True
    async with media(dead, full, free) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            both = asyncio.gather(parts(job), feed(job, b"data"))
            await asyncio.sleep(0.05)
            dead.die()
            full.refuse()
            await asyncio.sleep(0.02)
            assert not both.done()
            free.let_in()
            found, _ = await both
        assert isinstance(found[-1], TranscriptEnded)
        assert bytes(free.jobs[0].input) == b"data"


async def test_leaving_takes_a_job_out_of_every_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_client, "OFFER_S", 0.02)
    first, second = FakeMedia(), FakeMedia()
    first.is_queued = second.is_queued = True
    async with media(first, second) as pool:
        with pool.transcribe(new_ticket_id(), TRANSCRIBE) as job:
            answering = asyncio.create_task(parts(job))
            await asyncio.sleep(0.05)
            job.abandon()
            with pytest.raises(ClientLeftError):
                await answering
        await asyncio.sleep(0.01)
        assert first.jobs[0].is_cancelled
        assert second.jobs[0].is_cancelled
        assert [place.job_count for place in pool._places] == [0, 0]
