"""The gateway's side of fetches and webhooks, where no egress process is or it misbehaves."""

from __future__ import annotations

import asyncio
import socket

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_client import EgressLinks, OutboundClient, Webhook, egress_registry
from echoless.crossing.egress_records import WEBHOOK_BYTES_MAX, Fetch, FetchEnded
from echoless.crossing.link import Link
from echoless.crossing.records import Credit, Record

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
URL = TextContent("https://secret.example/")


def client_of(links: EgressLinks) -> OutboundClient:
    return OutboundClient(links, "egress-0", has_fetches=True, has_webhooks=True)


async def test_without_an_egress_process_nothing_is_fetched_or_delivered() -> None:
    client = client_of(EgressLinks())
    with pytest.raises(EcholessError) as fetch:
        async with client.fetch(URL):
            pass
    with pytest.raises(EcholessError) as delivery:
        await client.deliver(Webhook(URL, None), [b"{}"], may_retry=False, is_zero=True)
    assert fetch.value.code is delivery.value.code is ErrorCode.ENGINE_UNAVAILABLE


async def test_too_large_a_body_is_refused_before_it_is_sent() -> None:
    with pytest.raises(EcholessError) as caught:
        half = bytes(WEBHOOK_BYTES_MAX // 2 + 1)
        await client_of(EgressLinks()).deliver(Webhook(URL, None), [half, half], may_retry=False, is_zero=True)
    assert caught.value.code is ErrorCode.FILE_TOO_LARGE


async def test_an_answer_that_makes_no_sense_fails_the_fetch() -> None:
    one, other = socket.socketpair()
    asked: list[Record] = []

    def answer(link: Link, frame) -> None:  # type: ignore[no-untyped-def]  # a frame of the link
        asked.append(link.registry.decode(frame))
        link.post(Credit(1), correlation=frame.header.correlation)

    far = await Link.open(one, egress_registry(), on_frame=answer)
    links = EgressLinks()
    await links.add_link(other, "egress-0")
    with pytest.raises(EcholessError) as caught:
        async with client_of(links).fetch(URL):
            pass
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert isinstance(asked[0], Fetch)
    links.close()
    far.close()
    await asyncio.sleep(0.01)


async def test_a_successor_takes_the_place_of_an_egress_process() -> None:
    links = EgressLinks()
    pairs = [socket.socketpair() for _ in range(2)]
    for one, _ in pairs:
        await links.add_link(one, "egress-0")

    def answer(link: Link, frame) -> None:  # type: ignore[no-untyped-def]  # as above
        link.post(FetchEnded("file_too_large", "words"), correlation=frame.header.correlation)

    far = await Link.open(pairs[1][1], egress_registry(), on_frame=answer)
    with pytest.raises(EcholessError) as caught:
        async with client_of(links).fetch(URL, param="source_url"):
            pass
    assert (caught.value.code, caught.value.param) == (ErrorCode.FILE_TOO_LARGE, "source_url")
    links.close()
    far.close()
    pairs[0][0].close()
    pairs[0][1].close()
    await asyncio.sleep(0.01)


def test_a_webhook_does_not_print() -> None:
    assert "secret" not in repr(Webhook(URL, TextContent("secret")))
