"""Queries and bodies of members, invitations, groups, logins and single sign-on.

source: the wire contract, history, voices, models and user, section 7; logins and sign-on are ours
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from echoless.crossing.member_records import ADDRESSES_MAX, GROUPS_MAX
from echoless.volatile.gateway.schemas.base import Body, Query

Seat = Literal["workspace_admin", "workspace_member", "workspace_lite_member"]
Role = Literal["admin", "editor", "viewer"]
_Address = Annotated[str, Field(min_length=3, max_length=254)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]
_Groups = Annotated[list[_Id], Field(max_length=GROUPS_MAX)]
_Name = Annotated[str, Field(min_length=1, max_length=256)]
_Secret = Annotated[str, Field(min_length=1, max_length=256)]
_Code = Annotated[str, Field(min_length=1, max_length=256)]
_Url = Annotated[str, Field(min_length=8, max_length=2000)]
_Limit = Annotated[int, Field(ge=0, le=2**53)]
_SEAT = "workspace_admin is an administrator, workspace_member an editor, workspace_lite_member a viewer."


class EditMemberBody(Body):
    """Changes to a member; what is absent stays as it is."""

    email: _Address
    is_locked: bool | None = None
    workspace_seat_type: Seat | None = Field(None, description=_SEAT)
    workspace_role: Seat | None = Field(None, description="Older name of workspace_seat_type, which wins.")
    allow_downgrade_to_basic_seat: bool | None = Field(None, description="Seats are not counted here; no effect.")


class UsageLimitBody(Body):
    """How much a member may use in a month."""

    usage_limit: _Limit | None = Field(None, description="Characters; absent or null for the workspace's own.")


class InviteBody(Body):
    """One invitation."""

    email: _Address
    seat_type: Seat = Field("workspace_lite_member", description=_SEAT)
    workspace_permission: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Deprecated and without effect: a role is given by seat_type."
    )
    group_ids: _Groups | None = None
    usage_limit: _Limit | None = None


class InviteManyBody(Body):
    """The same invitation for many."""

    emails: Annotated[list[_Address], Field(min_length=1, max_length=ADDRESSES_MAX)]
    seat_type: Seat = Field("workspace_lite_member", description=_SEAT)
    group_ids: _Groups | None = None
    usage_limit: _Limit | None = None


class AddressBody(Body):
    """Somebody, by address."""

    email: _Address


class GroupBody(Body):
    """A new group."""

    name: _Name


class GroupQuery(Query):
    """Query of groups by name."""

    name: _Name


class LoginBody(Body):
    """Who logs in."""

    email: _Address
    password: _Secret
    workspace_id: _Id | None = Field(None, description="Where the address is known in several; else the oldest.")


class AcceptBody(Body):
    """Who accepts an invitation."""

    code: _Code = Field(description="As it came by e-mail.")
    password: _Secret
    first_name: _Name | None = None


class PasswordBody(Body):
    """A new password for the member who is logged in."""

    old_password: _Secret
    new_password: _Secret


class ResetRequestBody(Body):
    """Who wants a code for a new password."""

    email: _Address
    workspace_id: _Id | None = None


class ResetBody(Body):
    """A new password by a code."""

    code: _Code = Field(description="As it came by e-mail.")
    password: _Secret


class SignOnBody(Body):
    """The identity provider of the workspace."""

    issuer: _Url = Field(description="As the provider names itself; its configuration is found below it.")
    client_id: _Name
    client_secret: Annotated[str, Field(max_length=1000)] | None = Field(
        None, description="Never shown again; absent, it stays as it is."
    )
    redirect_url: _Url = Field(description="Where the provider sends the browser back to, as registered there.")
    domains: Annotated[list[Annotated[str, Field(min_length=1, max_length=189)]], Field(max_length=50)] | None = (
        Field(None, description="Of addresses for whom a member is made at the first login.")
    )
    default_role: Literal["editor", "viewer"] = Field("viewer", description="Of those members.")


class StartSignOnBody(Body):
    """Where somebody wants to log in."""

    workspace_id: _Id


class CallbackQuery(Query):
    """What the browser brings back from the provider."""

    state: _Code
    code: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    error: Annotated[str, Field(max_length=256)] | None = None
