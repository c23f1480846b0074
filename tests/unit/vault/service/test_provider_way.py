"""The way to identity providers over the courier: what it is told is turned into an answer or a reason."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.provider_records import AskProvider, ProviderSaid
from echoless.vault.service.provider_way import CourierWay

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
URL = "https://login.example.org/token"


class ScriptedLink(CourierLink):
    """A link that answers what a test says."""

    def __init__(self, said: ProviderSaid | None) -> None:
        super().__init__()
        self.said = said
        self.asked: list[AskProvider] = []

    async def ask_provider(self, question: AskProvider) -> ProviderSaid | None:
        self.asked.append(question)
        return self.said


async def test_an_answer_is_handed_on_as_it_came() -> None:
    link = ScriptedLink(ProviderSaid(200, b"{}"))
    way = CourierWay(link)
    assert await way.get(URL) == b"{}"
    assert await way.post_form(URL, b"code=1", "Basic x") == b"{}"
    assert link.asked == [AskProvider(URL), AskProvider(URL, b"code=1", "Basic x")]


@pytest.mark.parametrize("said", [None, ProviderSaid(0), ProviderSaid(302), ProviderSaid(404), ProviderSaid(500)])
async def test_no_answer_is_said_to_be_none(said: ProviderSaid | None) -> None:
    with pytest.raises(EcholessError) as caught:
        await CourierWay(ScriptedLink(said)).get(URL)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert "login.example" not in caught.value.public_description


async def test_a_form_that_is_refused_proves_nothing() -> None:
    with pytest.raises(EcholessError) as caught:
        await CourierWay(ScriptedLink(ProviderSaid(400, b"invalid_grant"))).post_form(URL, b"code=1", "")
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS


async def test_without_a_courier_nobody_is_reached() -> None:
    with pytest.raises(EcholessError) as caught:
        await CourierWay(CourierLink()).get(URL)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
