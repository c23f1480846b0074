"""Which question about people needs which scope and belongs to which endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from echoless.crossing.account_records import RemoveMember
from echoless.crossing.member_records import (
    ChangeGroup,
    ChangePassword,
    CloseSessions,
    CreateGroup,
    DeleteGroup,
    EditMember,
    GetSignOn,
    Invite,
    ListGroups,
    ListMembers,
    ListSessions,
    RemoveSignOn,
    SetSignOn,
    SetUsageLimit,
    WithdrawInvitation,
)
from echoless.crossing.records import Record
from echoless.vault.queries.desk import Question
from echoless.vault.queries.members import MemberQueries

_MEMBERS: Final = "/v1/workspace/members"
_INVITES: Final = "/v1/workspace/invites"
_GROUPS: Final = "/v1/workspace/groups"
_SESSIONS: Final = "/v1/workspace/sessions"
_SIGN_ON: Final = "/v1/workspace/sign-on"


def member_questions(members: MemberQueries) -> Mapping[type[Record], Question]:
    """Return what is answered here, with scopes and endpoints."""
    reads, writes = ("workspace_members_read",), ("workspace_write",)
    invites, groups, own = ("workspace_members_invite",), ("group_members_manage",), ("user_write",)
    asked = (f"POST {_INVITES}/add", f"POST {_INVITES}/add-bulk")
    moved = (f"POST {_GROUPS}/{{group}}/members", f"POST {_GROUPS}/{{group}}/members/remove")
    closed = (f"DELETE {_SESSIONS}", f"DELETE {_SESSIONS}/{{session}}", "POST /v1/workspace/logout")
    return {
        ListMembers: Question(reads, (f"GET {_MEMBERS}",), members.list_members),
        EditMember: Question(writes, (f"POST {_MEMBERS}",), members.edit),
        RemoveMember: Question(("workspace_members_remove",), (f"DELETE {_MEMBERS}",), members.remove),
        SetUsageLimit: Question(writes, (f"PUT {_MEMBERS}/{{user}}/usage-limit",), members.set_usage_limit),
        Invite: Question(invites, asked, members.invite),
        WithdrawInvitation: Question(invites, (f"DELETE {_INVITES}",), members.withdraw),
        ListGroups: Question(reads, (f"GET {_GROUPS}", f"GET {_GROUPS}/search"), members.list_groups),
        CreateGroup: Question(groups, (f"POST {_GROUPS}",), members.create_group),
        DeleteGroup: Question(groups, (f"DELETE {_GROUPS}/{{group}}",), members.delete_group),
        ChangeGroup: Question(groups, moved, members.change_group),
        ListSessions: Question(("user_read",), (f"GET {_SESSIONS}",), members.list_sessions),
        CloseSessions: Question(own, closed, members.close_sessions),
        ChangePassword: Question(own, ("POST /v1/workspace/password",), members.change_password),
        GetSignOn: Question(writes, (f"GET {_SIGN_ON}",), members.get_sign_on),
        SetSignOn: Question(writes, (f"PUT {_SIGN_ON}",), members.set_sign_on),
        RemoveSignOn: Question(writes, (f"DELETE {_SIGN_ON}",), members.remove_sign_on),
    }
