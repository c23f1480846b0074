"""One job of an egress process: its window, its input, and the record that ends it in trouble."""

from __future__ import annotations

import asyncio
import socket

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.crossing.egress_client import egress_registry
from echoless.crossing.egress_records import KIND_FETCHED, Deliver, Delivered, Fetch, FetchEnded
from echoless.crossing.link import Link
from echoless.crossing.wire import Frame
from echoless.volatile.egress.jobs import FRAME_BYTES_MAX, Job, ending

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_no_more_is_sent_than_the_window_holds() -> None:
    one, other = socket.socketpair()
    arrived: list[Frame] = []
    reader = await Link.open(other, egress_registry(), on_frame=lambda _link, frame: arrived.append(frame))
    link = await Link.open(one, egress_registry())
    job = Job(link, 7, NO_TICKET)
    job.open_window(100_000)
    sending = asyncio.ensure_future(job.send(KIND_FETCHED, b"x" * 150_000))
    await asyncio.sleep(0.05)
    assert sum(len(frame.payload) for frame in arrived) == 100_000
    assert all(0 < len(frame.payload) <= FRAME_BYTES_MAX and frame.header.is_content for frame in arrived)
    job.open_window(50_000)
    await sending
    await asyncio.sleep(0.05)
    assert sum(len(frame.payload) for frame in arrived) == 150_000
    link.close()
    reader.close()
    await asyncio.sleep(0.01)


async def test_input_comes_in_order_and_ends() -> None:
    one, other = socket.socketpair()
    link = await Link.open(one, egress_registry())
    job = Job(link, 7, NO_TICKET)
    taken: list[bytes] = []

    async def take() -> None:
        async for piece in job.inputs():
            taken.append(piece)

    taking = asyncio.ensure_future(take())
    for piece in (b"a", b"b", b"c"):
        job.take_input(piece)
        await asyncio.sleep(0)
    job.end_input()
    await taking
    assert taken == [b"a", b"b", b"c"]
    link.close()
    other.close()
    await asyncio.sleep(0.01)


def test_each_kind_of_job_has_its_own_last_record() -> None:
    error = EcholessError(ErrorCode.FILE_TOO_LARGE, "words")
    assert ending(Fetch("https://a/", 1, 1), error) == FetchEnded("file_too_large", "words")
    assert ending(Deliver("https://a/", "", 0, False, True), error) == Delivered(0, 0, "file_too_large")
