"""Sessions: digests at rest, bounded in number, and over when they are over."""

from __future__ import annotations

import pytest

from echoless.vault.identity import sessions as module
from echoless.vault.identity.identity import Identity
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.people import ADDRESS, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_token_is_not_stored_and_two_of_them_differ(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    (first, token), (second, other) = [await identity.sessions.open(member) for _ in range(2)]
    assert token != other and first.session_id != second.session_id
    assert first.digest == storage.keyring.digest(token)
    assert token not in repr(first) and first.digest.hex() not in repr(first)


async def test_the_oldest_session_makes_room_for_one_too_many(
    identity: Identity, workspace_id: str, monkeypatch: pytest.MonkeyPatch, clock: TurnedClock
) -> None:
    monkeypatch.setattr(module, "SESSIONS_MAX", 3)
    member = await add_member(identity, workspace_id, ADDRESS)
    opened = []
    for _ in range(5):
        opened.append((await identity.sessions.open(member))[0].session_id)
        clock.turn(1)
    left = [one.session_id for one in identity.people.accounts.sessions_of(member.user_id)]
    assert left == opened[2:]


async def test_closing_all_leaves_the_one_that_is_named(identity: Identity, workspace_id: str) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    sessions = [(await identity.sessions.open(member))[0] for _ in range(3)]
    assert await identity.sessions.close_all_of(member.user_id, "operator", but=sessions[1].session_id) == 2
    assert identity.people.accounts.sessions_of(member.user_id) == [sessions[1]]
    assert await identity.sessions.close_all_of(member.user_id, "operator") == 1
    assert await identity.sessions.close_all_of(member.user_id, "operator") == 0


async def test_what_time_has_closed_is_deleted(identity: Identity, workspace_id: str, clock: TurnedClock) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    await identity.sessions.open(member)
    assert await identity.sessions.forget_expired() == 0
    clock.turn(12 * 3600)
    assert await identity.sessions.forget_expired() == 1
    assert not identity.people.accounts.sessions
