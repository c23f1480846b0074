"""From a recording into a job: both sides end with the block, and errors reach whoever waits for parts."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.client import ClientLeftError
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.feeding import fed
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Job:
    """Takes input into a list."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.failures: list[EcholessError | None] = []
        self.moved = asyncio.Event()

    async def send_input(self, audio: AudioContent) -> None:
        self.heard.append(audio.reveal())

    async def end_input(self) -> None:
        self.heard.append(b"end")
        self.moved.set()

    def abandon(self, failure: EcholessError | None = None) -> None:
        self.failures.append(failure)
        self.moved.set()


class Two:
    """A recording of two pieces."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.left = [b"one", b"two"]
        self.failure = failure

    async def read(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def next_piece(self) -> AudioContent | None:
        return AudioContent(self.left.pop(0)) if self.left else None


class Ticket:
    """What sinks need of a ticket."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def post_content(self, kind: int, content: AudioContent) -> None:
        self.kept.append(content.reveal())

    async def drain(self) -> None:
        pass


async def nothing() -> None:
    """Accept what was said after the file."""


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_pieces_go_into_the_job_and_past_the_sink_that_takes_them(is_zero: bool) -> None:
    call, job, ticket = new_call([]), Job(), Ticket()
    call.outcome.is_complete = True
    sink = ZeroSink(ticket) if is_zero else RetainingSink(ticket)  # type: ignore[arg-type]  # as much as is used
    before = asyncio.all_tasks()
    async with fed(call, Two(), job, sink, nothing):
        await asyncio.wait_for(job.moved.wait(), 5)
    assert job.heard == [b"one", b"two", b"end"]
    assert ticket.kept == ([] if is_zero else [b"one", b"two"])
    assert asyncio.all_tasks() == before


async def test_what_stands_against_the_rest_of_a_form_reaches_the_job_before_its_end() -> None:
    async def refuse() -> None:
        raise EcholessError(ErrorCode.FILE_TOO_LARGE, "late")

    call, job = new_call([]), Job()
    call.outcome.is_complete = True
    async with fed(call, Two(), job, ZeroSink(Ticket()), refuse):  # type: ignore[arg-type]  # as above
        await asyncio.wait_for(job.moved.wait(), 5)
    assert b"end" not in job.heard
    assert [failure and failure.code for failure in job.failures] == [ErrorCode.FILE_TOO_LARGE]


async def test_a_client_that_leaves_after_its_upload_is_noticed() -> None:
    call, job = new_call([]), Job()
    async with fed(call, Two(), job, ZeroSink(Ticket()), nothing):  # type: ignore[arg-type]  # as above
        while not job.failures:
            await asyncio.sleep(0)
    assert isinstance(job.failures[0], ClientLeftError)
    assert call.outcome.has_client_left


@pytest.mark.claim("Z14")
async def test_a_fault_of_ours_ends_the_job_and_says_no_words() -> None:
    call, job = new_call([]), Job()
    async with fed(call, Two(ValueError("canary")), job, ZeroSink(Ticket()), nothing):  # type: ignore[arg-type]  # as above
        while not job.failures:
            await asyncio.sleep(0)
    assert job.failures[0] is not None
    assert job.failures[0].code is ErrorCode.INTERNAL_ERROR
    journal = call.services.journal
    assert isinstance(journal, MemoryJournal)
    ((event, said),) = journal.events
    assert event is Event.UNEXPECTED_ERROR
    assert "canary" not in str(said)
