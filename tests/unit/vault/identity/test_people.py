"""Members: one owner, one administrator at least, and nobody twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.identity import Identity
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from tests.fakes.people import ADDRESS, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_first_administrator_owns_the_workspace_by_its_own_user_id(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    viewer = await add_member(identity, workspace_id, "viewer@example.org", MemberRole.VIEWER)
    first = await add_member(identity, workspace_id, ADDRESS)
    second = await add_member(identity, workspace_id, "second@example.org")
    assert [one.is_owner for one in (viewer, first, second)] == [False, True, False]
    assert first.user_id == storage.accounts.workspaces[workspace_id].user_id
    assert storage.accounts.owner_of(workspace_id) == first


async def test_an_address_is_a_member_once_however_it_is_written(identity: Identity, workspace_id: str) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    with pytest.raises(EcholessError) as caught:
        await add_member(identity, workspace_id, ADDRESS.upper())
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


@pytest.mark.parametrize("how", ["role", "lock", "remove"])
async def test_the_owner_keeps_role_and_membership_except_by_the_operator(
    identity: Identity, workspace_id: str, how: str
) -> None:
    owner = await add_member(identity, workspace_id, ADDRESS)
    other = await add_member(identity, workspace_id, "second@example.org")
    for actor_id, may in ((other.user_id, False), ("operator", True)):
        async with identity.people.one_at_a_time:
            try:
                if how == "remove":
                    await identity.remove_member(owner.user_id, actor_id)
                elif how == "lock":
                    await identity.edit(owner, actor_id, is_locked=True)
                else:
                    await identity.edit(owner, actor_id, role=MemberRole.VIEWER)
            except EcholessError as error:
                assert error.code is ErrorCode.INVALID_PARAMETERS
                assert not may
            else:
                assert may


async def test_the_last_administrator_cannot_be_lost(identity: Identity, workspace_id: str) -> None:
    owner = await add_member(identity, workspace_id, ADDRESS)
    second = await add_member(identity, workspace_id, "second@example.org")
    async with identity.people.one_at_a_time:
        await identity.edit(owner, "operator", is_locked=True)
        with pytest.raises(EcholessError):
            await identity.edit(second, second.user_id, role=MemberRole.EDITOR)
        await identity.edit(owner, "operator", is_locked=False)
        await identity.edit(second, second.user_id, role=MemberRole.EDITOR)


async def test_a_member_of_another_workspace_is_not_found(identity: Identity, workspace_id: str) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    texts = set()
    for user_id in (member.user_id, "never"):
        with pytest.raises(EcholessError) as caught:
            identity.people.named("elsewhere", user_id)
        texts.add((caught.value.code, caught.value.public_description))
    assert len(texts) == 1
    assert identity.people.address_of("elsewhere", member.user_id) is None


async def test_a_change_that_fails_changes_nothing(identity: Identity, storage: Storage, workspace_id: str) -> None:
    member = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR)
    async with identity.people.one_at_a_time:
        with pytest.raises(EcholessError):
            await identity.people.change("never", lambda one: one, "operator", "member.change")
        changed = await identity.people.change(
            member.user_id, lambda one: replace(one, character_limit=5), "operator", "member.change"
        )
    assert changed == storage.accounts.members[member.user_id] == replace(member, character_limit=5)
