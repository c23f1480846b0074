"""Links between processes with a loop."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.link import Link
from echoless.crossing.records import (
    KIND_AUDIO,
    Credit,
    OpenTicket,
    Refused,
    UnitsReserved,
    core_registry,
)
from echoless.crossing.wire import Frame
from echoless.retention.decision import Switch

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

QUESTION = OpenTicket("POST /v1/text-to-speech/{voice}", "key", Switch.ABSENT)


async def linked(on_frame: object = None, on_closed: object = None) -> tuple[Link, Link]:
    one, other = socket.socketpair()
    registry = core_registry()
    asking = await Link.open(one, registry)
    handlers: dict[str, Any] = {"on_frame": on_frame, "on_closed": on_closed}
    answering = await Link.open(other, registry, **handlers)
    return asking, answering


async def test_answers_find_their_questions() -> None:
    held: list[Frame] = []

    def answer_in_reverse(link: Link, frame: Frame) -> None:
        held.append(frame)
        if len(held) == 2:
            for number, late in enumerate(reversed(held)):
                link.post(UnitsReserved(number), correlation=late.header.correlation)

    asking, answering = await linked(answer_in_reverse)
    first, second = await asyncio.gather(asking.call(QUESTION), asking.call(QUESTION))
    assert (first, second) == (UnitsReserved(1), UnitsReserved(0))
    asking.close()
    answering.close()


async def test_a_dead_peer_fails_every_open_exchange_at_once() -> None:
    asking, answering = await linked(lambda link, _frame: link.abort())
    with pytest.raises(EcholessError) as caught:
        await asking.call(QUESTION)
    assert caught.value.code is ErrorCode.CROSSING_BROKEN
    with pytest.raises(EcholessError):
        asking.post(Credit(1))
    assert answering.is_closed


async def test_frames_that_came_before_the_end_are_given_first() -> None:
    def send_and_die(link: Link, frame: Frame) -> None:
        link.post_content(KIND_AUDIO, b"abc", correlation=frame.header.correlation)
        link.close()

    asking, _ = await linked(send_and_die)
    with asking.exchange(TicketId(b"t" * 16)) as exchange:
        exchange.post(QUESTION)
        assert (await exchange.receive()).payload == b"abc"
        with pytest.raises(EcholessError):
            await exchange.receive()


async def test_late_answers_to_a_left_exchange_go_nowhere() -> None:
    questions: list[Frame] = []
    asking, answering = await linked(lambda _link, frame: questions.append(frame))
    with asking.exchange() as exchange:
        exchange.post(QUESTION)
    while not questions:
        await asyncio.sleep(0)
    answering.post(Refused("not_found", ""), correlation=exchange.correlation)
    answering.post(Refused("not_found", ""), correlation=99)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not asking.is_closed
    asking.close()
    answering.close()


async def test_a_peer_that_talks_nonsense_is_cut_off() -> None:
    closed = asyncio.Event()
    one, other = socket.socketpair()
    await Link.open(other, core_registry(), on_closed=lambda _link: closed.set())
    one.sendall(b"GET / HTTP/1.1\r\nhost: not a frame at all\r\n\r\n")
    async with asyncio.timeout(5):
        await closed.wait()
    one.close()


async def test_drain_waits_for_a_slow_peer() -> None:
    """A sender never piles up more than its buffer allows."""
    asking, answering = await linked()
    answering.pause_reading()
    while asking._drained is None:
        asking.post_content(KIND_AUDIO, bytes(200_000))
    waiting = asyncio.ensure_future(asking.drain())
    await asyncio.sleep(0)
    assert not waiting.done()
    answering.resume_reading()
    async with asyncio.timeout(5):
        await waiting
    asking.close()
    answering.close()
