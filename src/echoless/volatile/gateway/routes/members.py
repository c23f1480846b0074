"""Members, invitations and groups of a workspace.

source: the wire contract, history, voices, models and user, section 7; making and deleting groups is ours
"""

from __future__ import annotations

from typing import Any, Final

from echoless.crossing.account_records import MemberRemoved, RemoveMember
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
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.members import (
    AddressBody,
    EditMemberBody,
    GroupBody,
    GroupQuery,
    InviteBody,
    InviteManyBody,
    Seat,
    UsageLimitBody,
)

_OK: Final = {"status": "ok"}
ROLES: Final[dict[Seat, str]] = {
    "workspace_admin": "admin",
    "workspace_member": "editor",
    "workspace_lite_member": "viewer",
}
SEATS: Final = {role: seat for seat, role in ROLES.items()}


async def list_members(call: Call) -> None:
    """List members."""
    found = await call.open_ticket.ask(ListMembers())
    assert isinstance(found, MemberList)
    await call.answer([_member_wire(member) for member in found.members])


async def edit_member(call: Call) -> None:
    """Change a member's role, or lock one out."""
    body = await read_schema(call, EditMemberBody)
    seat = body.workspace_seat_type or body.workspace_role
    role = ROLES[seat] if seat is not None else None
    await call.open_ticket.ask(EditMember(address=body.email, role=role, is_locked=body.is_locked))
    await call.answer(_OK)


async def remove_member(call: Call) -> None:
    """Remove a member, and say what became of what was theirs."""
    body = await read_schema(call, AddressBody)
    gone = await call.open_ticket.ask(RemoveMember(address=body.email))
    assert isinstance(gone, MemberRemoved)
    await call.answer(
        {
            "status": "ok",
            "user_id": gone.user_id,
            "removed": gone.removed,
            "reassigned": gone.reassigned,
            "reassigned_to": gone.heir_id,
            "kept_by_id": gone.kept,
        }
    )


async def limit_member(call: Call) -> None:
    """Bound what a member may use in a month."""
    body = await read_schema(call, UsageLimitBody)
    await call.open_ticket.ask(SetUsageLimit(user_id=call.path_id(0), character_limit=body.usage_limit))
    await call.answer(_OK)


async def invite(call: Call) -> None:
    """Invite somebody by e-mail."""
    body = await read_schema(call, InviteBody)
    await _invite(call, [body.email], body.seat_type, body.group_ids, body.usage_limit)


async def invite_many(call: Call) -> None:
    """Invite many by e-mail."""
    body = await read_schema(call, InviteManyBody)
    await _invite(call, body.emails, body.seat_type, body.group_ids, body.usage_limit)


async def _invite(
    call: Call, addresses: list[str], seat: Seat, group_ids: list[str] | None, limit: int | None
) -> None:
    await call.open_ticket.ask(
        Invite(addresses=addresses, role=ROLES[seat], group_ids=group_ids or [], character_limit=limit)
    )
    await call.answer(_OK)


async def withdraw(call: Call) -> None:
    """Make an invitation worthless."""
    body = await read_schema(call, AddressBody)
    await call.open_ticket.ask(WithdrawInvitation(address=body.email))
    await call.answer(_OK)


async def list_groups(call: Call) -> None:
    """List groups, by id."""
    groups = await _groups(call, ListGroups())
    await call.answer({group.group_id: _group_wire(group) for group in groups})


async def search_groups(call: Call) -> None:
    """Find groups by their exact name."""
    query = GroupQuery.parse(call.query)
    groups = await _groups(call, ListGroups(name=query.name))
    await call.answer([{"name": one.name, "id": one.group_id, "members_emails": one.addresses} for one in groups])


async def create_group(call: Call) -> None:
    """Make a group."""
    body = await read_schema(call, GroupBody)
    (group,) = await _groups(call, CreateGroup(name=body.name))
    await call.answer(_group_wire(group))


async def delete_group(call: Call) -> None:
    """Delete a group; its members stay members."""
    await call.open_ticket.ask(DeleteGroup(group_id=call.path_id(0)))
    await call.answer(_OK)


async def add_to_group(call: Call) -> None:
    """Put a member into a group."""
    await _change_group(call, is_in=True)


async def remove_from_group(call: Call) -> None:
    """Take a member out of a group."""
    await _change_group(call, is_in=False)


async def _change_group(call: Call, *, is_in: bool) -> None:
    body = await read_schema(call, AddressBody)
    await call.open_ticket.ask(ChangeGroup(group_id=call.path_id(0), address=body.email, is_in=is_in))
    await call.answer(_OK)


async def _groups(call: Call, question: ListGroups | CreateGroup) -> list[GroupView]:
    found = await call.open_ticket.ask(question)
    assert isinstance(found, GroupList)
    return found.groups


def _member_wire(member: MemberView) -> dict[str, Any]:
    return {
        "user_id": member.user_id,
        "email": member.address,
        "first_name": member.first_name or None,
        "seat_type": SEATS[member.role],
        "is_owner": member.is_owner,
        "is_locked": member.is_locked,
        "created_at_unix": member.created_unix,
        "usage_limit": member.character_limit,
    }


def _group_wire(group: GroupView) -> dict[str, Any]:
    return {"name": group.name, "id": group.group_id, "members": group.user_ids, "group_usage_limit": "unlimited"}


_GROUPS: Final = "/v1/workspace/groups"
_INVITES: Final = "/v1/workspace/invites"
_MEMBERS: Final = "/v1/workspace/members"
ROUTES: Final = (
    Route(f"GET {_MEMBERS}", list_members, "List members"),
    Route(f"DELETE {_MEMBERS}", remove_member, "Remove a member", body=AddressBody),
    Route(f"POST {_MEMBERS}", edit_member, "Change a member", body=EditMemberBody),
    Route(f"PUT {_MEMBERS}/{{user}}/usage-limit", limit_member, "Bound a member's use", body=UsageLimitBody),
    Route(f"POST {_INVITES}/add", invite, "Invite somebody", body=InviteBody),
    Route(f"POST {_INVITES}/add-bulk", invite_many, "Invite many", body=InviteManyBody),
    Route(f"DELETE {_INVITES}", withdraw, "Withdraw an invitation", body=AddressBody),
    Route(f"GET {_GROUPS}", list_groups, "List groups"),
    Route(f"GET {_GROUPS}/search", search_groups, "Find groups by name", query=GroupQuery),
    Route(f"POST {_GROUPS}", create_group, "Make a group", body=GroupBody),
    Route(f"DELETE {_GROUPS}/{{group}}", delete_group, "Delete a group"),
    Route(f"POST {_GROUPS}/{{group}}/members", add_to_group, "Put a member into a group", body=AddressBody),
    Route(
        f"POST {_GROUPS}/{{group}}/members/remove",
        remove_from_group,
        "Take a member out of a group",
        body=AddressBody,
    ),
)
