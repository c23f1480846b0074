"""Groups: names of their own, members of their own workspace."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.identity import Identity
from echoless.vault.stores.roles import MemberRole
from tests.fakes.people import ADDRESS, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_member_is_in_a_group_once_and_out_of_it_once(identity: Identity, workspace_id: str) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    groups = identity.groups
    group = await groups.create(workspace_id, "readers", "operator")
    for is_in, expected in ((True, (member.user_id,)), (True, (member.user_id,)), (False, ()), (False, ())):
        await groups.put(groups.named(workspace_id, group.group_id), member, "operator", is_in=is_in)
        assert groups.named(workspace_id, group.group_id).user_ids == expected
        await groups.load()
        assert groups.named(workspace_id, group.group_id).user_ids == expected


@pytest.mark.parametrize("name", ["readers", "", "   "])
async def test_a_group_needs_a_name_of_its_own(identity: Identity, workspace_id: str, name: str) -> None:
    await identity.groups.create(workspace_id, "readers", "operator")
    with pytest.raises(EcholessError) as caught:
        await identity.groups.create(workspace_id, name, "operator")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


async def test_a_deleted_group_leaves_its_members_and_no_row(identity: Identity, workspace_id: str) -> None:
    member = await add_member(identity, workspace_id, ADDRESS, MemberRole.VIEWER)
    group = await identity.groups.create(workspace_id, "readers", "operator")
    await identity.groups.put(group, member, "operator", is_in=True)
    await identity.groups.delete(workspace_id, group.group_id, "operator")
    await identity.groups.load()
    assert identity.groups.of(workspace_id) == []
    assert member.user_id in identity.people.accounts.members


async def test_an_invitation_puts_into_groups_of_its_own_workspace_only(
    identity: Identity, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    own = await identity.groups.create(workspace_id, "own", "operator")
    foreign = await identity.groups.create("elsewhere", "foreign", "operator")
    rows = identity.groups.joining([own.group_id, foreign.group_id, "gone"], member)
    assert [row["group_id"] for _, row in rows] == [own.group_id]
    with pytest.raises(EcholessError) as caught:
        identity.groups.named(workspace_id, foreign.group_id)
    assert caught.value.code is ErrorCode.NOT_FOUND
