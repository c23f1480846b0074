"""Requests whose tickets the vault takes back."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import ErrorCode
from echoless.volatile.gateway.revoking import canceller, revoked, was_revoked

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Ticket:
    """As far as this asks."""

    is_revoked = False


async def serve(ticket: Ticket, ends: list[object]) -> str:
    ends.append(canceller())
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        if not was_revoked(ticket):  # type: ignore[arg-type]  # as far as it asks
            raise
    # Whoever was revoked may still speak: this would be cancelled too, were the task not told so.
    await asyncio.sleep(0)
    return "said why"


async def test_whoever_serves_a_revoked_ticket_is_woken_and_may_say_why() -> None:
    ticket, ends = Ticket(), []
    task = asyncio.get_running_loop().create_task(serve(ticket, ends))
    await asyncio.sleep(0)
    ticket.is_revoked = True
    ends[0]()
    assert await task == "said why"
    assert not task.cancelling()


async def test_any_other_cancelling_stays_one() -> None:
    ticket, ends = Ticket(), []
    task = asyncio.get_running_loop().create_task(serve(ticket, ends))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_key_of_a_deleted_workspace_is_unknown() -> None:
    assert revoked().code is ErrorCode.INVALID_API_KEY
    assert not was_revoked(None)
