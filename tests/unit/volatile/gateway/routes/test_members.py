"""Members, invitations and groups on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.member_records import (
    ChangeGroup,
    CreateGroup,
    DeleteGroup,
    EditMember,
    GroupList,
    GroupView,
    Invite,
    ListGroups,
    ListMembers,
    MemberList,
    MemberView,
    SetUsageLimit,
    WithdrawInvitation,
)
from echoless.crossing.records import Record
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
BASE, ADDRESS = "/v1/workspace", "ada@example.org"
MEMBER = MemberView("u-1", ADDRESS, "", "editor", False, True, 5, 700, 1)
GROUP = GroupView("g1", "readers", ["u-1"], [ADDRESS])


async def test_members_have_the_contracts_fields() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListMembers] = MemberList([MEMBER])
        reply = await gateway.ask("GET", f"{BASE}/members")
        assert reply.json == [
            {
                "user_id": "u-1", "email": ADDRESS, "first_name": None, "seat_type": "workspace_member",
                "is_owner": False, "is_locked": True, "created_at_unix": 5, "usage_limit": 700,
            }
        ]  # fmt: skip


ACTS: tuple[tuple[str, str, Any, Record], ...] = (
    ("POST", "members", {"email": ADDRESS, "is_locked": True}, EditMember(ADDRESS, None, True)),
    ("POST", "members", {"email": ADDRESS, "workspace_role": "workspace_admin"}, EditMember(ADDRESS, "admin")),
    (
        "POST", "members",
        {"email": ADDRESS, "workspace_role": "workspace_admin", "workspace_seat_type": "workspace_member"},
        EditMember(ADDRESS, "editor"),
    ),
    ("PUT", "members/u-1/usage-limit", {"usage_limit": 5}, SetUsageLimit("u-1", 5)),
    ("PUT", "members/u-1/usage-limit", {}, SetUsageLimit("u-1", None)),
    ("POST", "invites/add", {"email": ADDRESS}, Invite([ADDRESS], "viewer")),
    (
        "POST", "invites/add-bulk", {"emails": [ADDRESS], "group_ids": ["g1"], "usage_limit": 3},
        Invite([ADDRESS], "viewer", ["g1"], 3),
    ),
    ("DELETE", "invites", {"email": ADDRESS}, WithdrawInvitation(ADDRESS)),
    ("DELETE", "groups/g1", None, DeleteGroup("g1")),
    ("POST", "groups/g1/members", {"email": ADDRESS}, ChangeGroup("g1", ADDRESS, True)),
    ("POST", "groups/g1/members/remove", {"email": ADDRESS}, ChangeGroup("g1", ADDRESS, False)),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "question"), ACTS)
async def test_each_act_asks_the_vault_for_it(method: str, path: str, body: Any, question: Record) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask(method, f"{BASE}/{path}", body)
        assert (reply.status, reply.json) == (200, {"status": "ok"})
        assert question in gateway.vault.questions


async def test_groups_are_a_map_by_id_and_found_by_name() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListGroups] = GroupList([GROUP])
        shown = {"name": "readers", "id": "g1", "members": ["u-1"], "group_usage_limit": "unlimited"}
        assert (await gateway.ask("GET", f"{BASE}/groups")).json == {"g1": shown}
        found = await gateway.ask("GET", f"{BASE}/groups/search?name=readers")
        assert found.json == [{"name": "readers", "id": "g1", "members_emails": [ADDRESS]}]
        assert ListGroups("readers") in gateway.vault.questions
        gateway.vault.scripted[CreateGroup] = GroupList([GROUP])
        assert (await gateway.ask("POST", f"{BASE}/groups", {"name": "readers"})).json == shown
        assert (await gateway.ask("GET", f"{BASE}/groups/search")).status == 422
