"""Watching for a client's leaving."""

from __future__ import annotations

import asyncio

import pytest

from echoless.volatile.gateway.ports import Message
from echoless.volatile.gateway.watching import watched
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_leaving_is_told_once_and_noted() -> None:
    call, told = new_call([]), []
    async with watched(call, lambda: told.append(1)):
        await asyncio.sleep(0.01)
    assert told == [1]
    assert call.outcome.has_client_left


async def test_watch_ends_with_its_block() -> None:
    """T45: nothing of a request outlives its response."""
    call = new_call([])

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    call.receive = never
    before = asyncio.all_tasks()
    async with watched(call):
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == len(before) + 1
    assert asyncio.all_tasks() == before
    assert not call.outcome.has_client_left


async def test_watch_ends_when_the_block_fails() -> None:
    call = new_call([])
    before = asyncio.all_tasks()
    with pytest.raises(ValueError, match="inner"):
        async with watched(call):
            raise ValueError("inner")
    assert asyncio.all_tasks() == before
