"""Names as an egress process asks for them."""

from __future__ import annotations

import asyncio

import pytest

from echoless.crossing.egress_control import NameResolved, ResolveName
from echoless.volatile.egress import names as names_module
from echoless.volatile.egress.names import REFRESH_S, AskedNames, DeclaredName

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Supervisor:
    """Answers at once, and counts."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self.names = AskedNames(self.take)

    def take(self, question: ResolveName) -> None:
        self.asked.append(question.host)
        answer = NameResolved(question.number, self.addresses)
        asyncio.get_running_loop().call_soon(self.names.answered, answer)


async def test_each_answer_reaches_its_own_question() -> None:
    questions: list[ResolveName] = []
    names = AskedNames(questions.append)
    first = asyncio.ensure_future(names.addresses_of("one.example"))
    second = asyncio.ensure_future(names.addresses_of("two.example"))
    await asyncio.sleep(0)
    for question in reversed(questions):
        names.answered(NameResolved(question.number, [question.host]))
    assert (await first, await second) == (["one.example"], ["two.example"])


async def test_a_clients_name_is_asked_for_anew_each_time_and_not_remembered() -> None:
    supervisor = Supervisor(["1.1.1.1"])
    for _ in range(2):
        assert await supervisor.names.addresses_of("secret.example") == ["1.1.1.1"]
    assert supervisor.asked == ["secret.example"] * 2
    assert not supervisor.names._waiting


async def test_no_answer_means_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "ANSWER_S_MAX", 0.01)
    names = AskedNames(lambda _question: None)
    assert await names.addresses_of("x.example") == ()
    names.answered(NameResolved(1, ["1.1.1.1"]))


async def test_the_name_of_a_remote_is_remembered_and_refreshed() -> None:
    supervisor, now_s = Supervisor(["1.1.1.1"]), [0.0]
    declared = DeclaredName(supervisor.names, lambda: now_s[0])
    await declared.addresses_of("api.example")
    await declared.addresses_of("api.example")
    assert len(supervisor.asked) == 1
    now_s[0], supervisor.addresses = REFRESH_S, ["2.2.2.2"]
    assert await declared.addresses_of("api.example") == ["2.2.2.2"]
    now_s[0], supervisor.addresses = 2 * REFRESH_S, []
    assert await declared.addresses_of("api.example") == ["2.2.2.2"], "an outage of the resolver alone is no outage"
