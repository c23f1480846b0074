"""A moderation model behind OpenAI's API, through the registry of remotes."""

from __future__ import annotations

import asyncio
import json

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.core.moderation import Category
from echoless.volatile.egress.connections import NoAnswerError
from echoless.volatile.egress.moderation import flagged_of
from tests.fakes.outside import Said
from tests.fakes.remotes import KEY, NAME, Upstream, upstream

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

MODEL = "omni-moderation-latest"
CLEAN = {"results": [{"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.1}}]}
FLAGGED = {"results": [{"flagged": True, "categories": {"hate/threatening": True, "sexual/minors": True}}]}


async def judged(remote: Upstream, text: str = "Some text.", *, is_zero: bool = False) -> list[Category]:
    return await remote.pool.moderate(NAME, NO_TICKET, TextContent(text), model_id=MODEL, is_zero=is_zero)


def said(answer: object) -> Said:
    return Said(body=json.dumps(answer).encode())


async def test_a_text_is_judged_in_our_words() -> None:
    async with upstream("openai", lambda _asked: said(FLAGGED)) as remote:
        assert await judged(remote) == [Category.HATE, Category.SEXUAL_MINORS]
    (asked,) = remote.outside.asked
    assert (asked.method, asked.path) == ("POST", "/v1/moderations")
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(asked.body) == {"model": MODEL, "input": "Some text."}


async def test_a_text_without_fault_is_not_flagged() -> None:
    async with upstream("openai", lambda _asked: said(CLEAN)) as remote:
        assert await judged(remote) == []


@pytest.mark.claim("Z24")
async def test_zero_retention_text_goes_only_to_a_remote_that_has_declared_so() -> None:
    async with upstream("openai", lambda _asked: said(CLEAN), is_zero_declared=False) as remote:
        with pytest.raises(EcholessError) as caught:
            await judged(remote, is_zero=True)
        assert caught.value.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
        assert not remote.pool.takes_zero(NAME)
        assert remote.outside.asked == []
        assert await judged(remote, is_zero=False) == []
    async with upstream("openai", lambda _asked: said(CLEAN), is_zero_declared=True) as remote:
        assert await judged(remote, is_zero=True) == []
        assert remote.pool.takes_zero(NAME)


@pytest.mark.claim("Z24")
async def test_the_way_out_refuses_it_once_more() -> None:
    """A gateway that forgets to look is not believed."""
    async with upstream("openai", lambda _asked: said(CLEAN), is_zero_declared=False) as remote:
        remote.pool._remotes = {
            name: type(facts)(**{**{key: getattr(facts, key) for key in facts.__struct_fields__},
                                 "is_zero_declared": True})
            for name, facts in remote.pool._remotes.items()
        }  # fmt: skip
        with pytest.raises(EcholessError) as caught:
            await judged(remote, is_zero=True)
        assert caught.value.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
        assert remote.outside.asked == []


@pytest.mark.parametrize(
    "answer", [Said(500), Said(body=b"{}"), Said(body=b'{"results": []}'), Said(body=b"no"), Said(401)]
)
async def test_an_answer_that_is_none_is_no_word_of_innocence(answer: Said) -> None:
    async with upstream("openai", lambda _asked: answer) as remote:
        with pytest.raises(EcholessError):
            await judged(remote)


async def test_a_remote_of_another_kind_judges_nothing() -> None:
    async with upstream("elevenlabs", lambda _asked: said(CLEAN)) as remote:
        with pytest.raises(EcholessError):
            await judged(remote)
        assert remote.outside.asked == []


async def test_whoever_stops_waiting_stops_the_way_out_too() -> None:
    async with upstream("openai", lambda _asked: Said(pieces=[b"{"], breaks_off=False)) as remote:
        remote.outside.script = lambda _asked: said(CLEAN)
        task = asyncio.ensure_future(judged(remote))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(200):
            if not remote.pair.host.job_count:
                break
            await asyncio.sleep(0.01)
        assert remote.pair.host.job_count == 0


@pytest.mark.parametrize(
    ("categories", "flagged", "expected"),
    [
        ({}, True, [Category.OTHER]), ({"new/thing": True}, True, [Category.OTHER]),
        ({"self-harm/intent": True, "self-harm": True}, True, [Category.SELF_HARM]),
        ({"violence": None}, False, []), ({"illicit/violent": True}, False, [Category.ILLICIT]),
    ],
)  # fmt: skip
def test_every_flag_has_a_word(categories: dict[str, bool | None], flagged: bool, expected: list[Category]) -> None:
    answer = {"results": [{"flagged": flagged, "categories": categories}]}
    assert flagged_of(json.dumps(answer).encode()) == expected


def test_an_unreadable_judgement_is_a_failure() -> None:
    with pytest.raises(NoAnswerError):
        flagged_of(b'{"results": [{"flagged": "maybe"}]}')
