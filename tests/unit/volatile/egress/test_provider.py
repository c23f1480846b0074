"""Questions to identity providers: asked once, followed nowhere, and within reach alone."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.provider_records import ANSWER_BYTES_MAX, AskProvider, ProviderSaid
from echoless.volatile.egress.provider import ProviderWork
from tests.fakes.egress_pair import reach_of
from tests.fakes.outside import Outside, Said

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def says(said: Said) -> Outside:
    return Outside(lambda _asked: said)


async def test_an_address_is_read_and_a_form_is_posted_with_its_header() -> None:
    async with says(Said(200, {}, b"{}")).serving() as outside:
        work, url = ProviderWork(reach_of()), f"http://login.example:{outside.port}/path?a=1"
        assert await work.ask(AskProvider(url)) == ProviderSaid(200, b"{}")
        assert await work.ask(AskProvider(url, b"code=1", "Basic x")) == ProviderSaid(200, b"{}")
    read, posted = outside.asked
    assert (read.method, read.path, read.body) == ("GET", "/path?a=1", b"")
    assert "authorization" not in read.headers
    assert (posted.method, posted.body, posted.headers["authorization"]) == ("POST", b"code=1", "Basic x")
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_redirect_is_told_and_not_followed() -> None:
    """A secret in the form would go wherever the other side says."""
    async with says(Said(307, {"location": "/elsewhere"}, b"")).serving() as outside:
        work, url = ProviderWork(reach_of()), f"http://login.example:{outside.port}/"
        assert (await work.ask(AskProvider(url, b"secret=1"))).http_status == 307
    assert len(outside.asked) == 1


async def test_too_long_an_answer_and_none_are_no_answer() -> None:
    async with says(Said(200, {}, bytes(ANSWER_BYTES_MAX + 1))).serving() as outside:
        work, url = ProviderWork(reach_of()), f"http://login.example:{outside.port}/"
        assert await work.ask(AskProvider(url)) == ProviderSaid(0)
    assert await work.ask(AskProvider(url)) == ProviderSaid(0)


@pytest.mark.parametrize(
    ("url", "changes"),
    [("http://127.0.0.1:1/", {"allows_private": False}), ("http://login.example:1/", {"allows_plain": False}),
     ("https://login.example:1/", {"ports": frozenset({443})}), ("ftp://login.example/", {})],
)  # fmt: skip
async def test_what_is_out_of_reach_is_not_asked(url: str, changes: dict[str, object]) -> None:
    """An administrator of a workspace names the address: the server's own network is not theirs to ask."""
    with pytest.raises(EcholessError) as caught:
        await ProviderWork(reach_of(**changes)).ask(AskProvider(url))  # type: ignore[arg-type]  # as above
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
