"""Fetches and deliveries, from a gateway's question to the outside and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from elevenlabs.client import ElevenLabs

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_client import Delivery, OutboundClient, Webhook
from echoless.crossing.egress_records import Deliver, Delivered
from echoless.volatile.egress.outbound import REDIRECTS_MAX, Outbound, signature
from tests.fakes.egress_pair import HOST, PEER, Pair, certificate_for, reach_of, tied
from tests.fakes.outside import Asked, Outside, Said

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
SECRET = "wsec_test"


@asynccontextmanager
async def outbound(
    script: Callable[[Asked], Said], *, delays_s: tuple[float, ...] = (0.01, 0.01), fetch_bytes_max: int = 1 << 20
) -> AsyncIterator[tuple[OutboundClient, Outside, Pair]]:
    outside = Outside(script)
    async with outside.serving(), tied(Outbound(reach_of(), time.time, delays_s)) as pair:
        client = OutboundClient(
            pair.links, PEER, has_fetches=True, has_webhooks=True, fetch_bytes_max=fetch_bytes_max
        )
        yield client, outside, pair


def url(outside: Outside, path: str = "/a") -> TextContent:
    return TextContent(f"http://{HOST}:{outside.port}{path}")


async def fetched(client: OutboundClient, address: TextContent) -> bytes:
    async with client.fetch(address) as pieces:
        return b"".join([piece.reveal() async for piece in pieces])


# --- fetches ---


async def test_a_recording_arrives_as_it_is() -> None:
    data = bytes(range(256)) * 3000
    async with outbound(lambda _asked: Said(body=data)) as (client, outside, _):
        assert await fetched(client, url(outside)) == data


async def test_a_recording_is_read_as_it_is_taken_and_never_whole() -> None:
    """C17: what is on its way is bounded by the window and the sockets, not by the recording."""
    size = 64 << 20
    sent = 0

    def pieces() -> list[bytes]:
        return [b"x" * 65536] * (size // 65536)

    async with outbound(lambda _asked: Said(pieces=pieces()), fetch_bytes_max=1 << 30) as (client, outside, pair):
        async with client.fetch(url(outside)) as recording:
            count = 0
            async for piece in recording:
                count += len(piece)
                if count > 1 << 20:
                    break
            # Nothing is taken any more: whatever is still sent stays below what the windows hold.
            await asyncio.sleep(0.1)
            exchange = recording._exchange
            sent = sum(len(frame.payload) for frame in exchange._frames)
        assert sent <= 256 * 1024
        await asyncio.sleep(0.05)
        assert pair.host.job_count == 0, "leaving the block stops the fetch"


@pytest.mark.parametrize("status", [204, 206, 400, 404, 500])
async def test_only_a_whole_recording_will_do(status: int) -> None:
    async with outbound(lambda _asked: Said(status, body=b"x")) as (client, outside, _):
        with pytest.raises(EcholessError) as caught:
            await fetched(client, url(outside))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert caught.value.param == "cloud_storage_url"


async def test_a_recording_that_says_it_is_too_large_is_refused_before_a_byte_of_it() -> None:
    async with outbound(lambda _asked: Said(body=b"x" * 2000), fetch_bytes_max=1999) as (client, outside, _):
        with pytest.raises(EcholessError) as caught:
            async with client.fetch(url(outside)):
                raise AssertionError("it has begun to come")
    assert caught.value.code is ErrorCode.FILE_TOO_LARGE


async def test_a_recording_that_turns_out_too_large_is_broken_off() -> None:
    said = Said(pieces=[b"x" * 500] * 4)
    async with outbound(lambda _asked: said, fetch_bytes_max=1999) as (client, outside, _):
        with pytest.raises(EcholessError) as caught:
            await fetched(client, url(outside))
    assert caught.value.code is ErrorCode.FILE_TOO_LARGE


async def test_redirects_are_followed_a_few_times() -> None:
    def script(asked: Asked) -> Said:
        step = int(asked.path.strip("/"))
        return Said(302, {"location": f"/{step - 1}"}) if step else Said(body=b"there")

    async with outbound(script) as (client, outside, _):
        assert await fetched(client, url(outside, f"/{REDIRECTS_MAX}")) == b"there"
        with pytest.raises(EcholessError) as caught:
            await fetched(client, url(outside, f"/{REDIRECTS_MAX + 1}"))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


@pytest.mark.claim("Z21")
async def test_each_redirect_is_checked_as_the_first_address_was() -> None:
    """An allowed place may not send the server on to one that is not."""
    inner = Outside(lambda _asked: Said(body=b"metadata"))
    async with inner.serving(), outbound(
        lambda _asked: Said(302, {"location": f"http://224.0.0.1:{inner.port}/"})
    ) as (client, outside, _):  # fmt: skip
        with pytest.raises(EcholessError):
            await fetched(client, url(outside))
    assert inner.connection_count == 0


@pytest.mark.claim("Z21")
async def test_a_redirect_from_https_to_http_is_not_followed(tmp_path: Path) -> None:
    plain, certificate = Outside(lambda _asked: Said(body=b"recorded")), certificate_for(tmp_path, HOST)
    async with plain.serving():
        secure = Outside(lambda _asked: Said(302, {"location": f"http://{HOST}:{plain.port}/"}))
        connections = reach_of(allows_plain=False, ca=certificate[0])
        async with secure.serving(certificate), tied(Outbound(connections, time.time)) as pair:
            client = OutboundClient(pair.links, PEER, has_fetches=True)
            with pytest.raises(EcholessError) as caught:
                await fetched(client, TextContent(f"https://{HOST}:{secure.port}/"))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert (secure.connection_count, plain.connection_count) == (1, 0)


async def test_a_broken_off_recording_is_an_error_and_not_a_short_one() -> None:
    async with outbound(lambda _asked: Said(pieces=[b"half"], breaks_off=True)) as (client, outside, _):
        with pytest.raises(EcholessError) as caught:
            await fetched(client, url(outside))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


async def test_a_compressed_answer_is_refused() -> None:
    async with outbound(lambda _asked: Said(headers={"content-encoding": "gzip"}, body=b"x")) as (
        client,
        outside,
        _,
    ):
        with pytest.raises(EcholessError):
            await fetched(client, url(outside))


async def test_fetches_are_off_until_the_operator_turns_them_on() -> None:
    async with outbound(lambda _asked: Said()) as (_, outside, pair):
        client = OutboundClient(pair.links, PEER, has_fetches=False, has_webhooks=False)
        with pytest.raises(EcholessError) as caught:
            await fetched(client, url(outside))
        assert "fetches = true" in caught.value.public_description
        with pytest.raises(EcholessError) as refused:
            client.require_webhooks()
        assert "webhooks = true" in refused.value.public_description
    assert outside.connection_count == 0


async def test_a_lost_egress_process_fails_the_fetch() -> None:
    async with outbound(lambda _asked: Said(pieces=[b"x" * 65536] * 100)) as (client, outside, pair):
        with pytest.raises(EcholessError) as caught:
            async with client.fetch(url(outside)) as recording:
                pair.links.link(PEER).abort()
                async for _ in recording:
                    pass
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


# --- webhooks ---


async def delivered(
    client: OutboundClient,
    address: TextContent,
    body: list[bytes],
    *,
    may_retry: bool = False,
    is_zero: bool = False,
) -> Delivery:
    webhook = Webhook(address, TextContent(SECRET))
    return await client.deliver(webhook, body, may_retry=may_retry, is_zero=is_zero)


async def test_a_webhook_is_signed_so_that_the_official_client_accepts_it() -> None:
    event = {"type": "speech_to_text_transcription", "data": {"text": "grün " * 20_000}}
    data = json.dumps(event, ensure_ascii=False).encode()
    async with outbound(lambda _asked: Said()) as (client, outside, _):
        assert await delivered(client, url(outside), [data[:1000], data[1000:]]) == Delivery(True, 200, 1)
    (asked,) = outside.asked
    assert asked.body == data
    assert asked.headers["content-type"] == "application/json"
    sdk = ElevenLabs(api_key="unused")
    header = asked.headers["elevenlabs-signature"]
    assert sdk.webhooks.construct_event(asked.body.decode(), header, SECRET) == event
    with pytest.raises(Exception, match=r"[Ss]ignature"):
        sdk.webhooks.construct_event(asked.body.decode() + " ", header, SECRET)


async def test_the_signature_is_over_time_and_exact_bytes() -> None:
    """The value was made by `openssl dgst -sha256 -hmac key` of `1700000000.{}`."""
    assert signature("key", 1700000000, b"{}") == (
        "t=1700000000,v0=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    )


@pytest.mark.claim("Z21")
@pytest.mark.parametrize("status", [500, 503])
async def test_a_zero_retention_webhook_is_tried_once_whatever_is_asked(status: int) -> None:
    """C48: delivered from memory, once; a failure is a loss, and documented as one."""
    async with outbound(lambda _asked: Said(status)) as (client, outside, _):
        delivery = await delivered(client, url(outside), [b"{}"], may_retry=True, is_zero=True)
    assert delivery == Delivery(False, status, 1)
    assert outside.connection_count == 1


async def test_the_egress_process_itself_tries_zero_retention_once() -> None:
    """C48: whatever a gateway says of retries."""
    async with outbound(lambda _asked: Said(500)) as (_, outside, pair):
        asked = Deliver(url(outside).reveal(), "", 0, may_retry=True, is_zero=True)
        assert await pair.links.link(PEER).call(asked) == Delivered(500, 1, "engine_unavailable")
    assert outside.connection_count == 1


async def test_a_kept_webhook_is_tried_again_while_the_other_side_is_in_trouble() -> None:
    answers = iter([Said(500), Said(503), Said(200)])
    async with outbound(lambda _asked: next(answers)) as (client, outside, _):
        assert await delivered(client, url(outside), [b"{}"], may_retry=True) == Delivery(True, 200, 3)
    async with outbound(lambda _asked: Said(500)) as (client, outside, _):
        assert await delivered(client, url(outside), [b"{}"], may_retry=True) == Delivery(False, 500, 3)
        assert await delivered(client, url(outside), [b"{}"], may_retry=False) == Delivery(False, 500, 1)


@pytest.mark.parametrize("status", [302, 400, 404, 410])
async def test_a_refused_webhook_is_not_tried_again_and_redirects_are_not_followed(status: int) -> None:
    script = lambda _asked: Said(status, {"location": "/b"})  # noqa: E731  # one script, twice a line
    async with outbound(script) as (client, outside, _):
        assert await delivered(client, url(outside), [b"{}"], may_retry=True) == Delivery(False, status, 1)
    assert outside.connection_count == 1


async def test_nobody_answering_is_a_failed_delivery() -> None:
    async with outbound(lambda _asked: Said()) as (client, _, _pair):
        nowhere = TextContent(f"http://{HOST}:9/")
        assert await delivered(client, nowhere, [b"{}"]) == Delivery(False, 0, 1)
