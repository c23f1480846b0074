"""Records of members: logging in, sessions, invitations, groups and single sign-on.

The first few need no ticket, since whoever logs in has no credential yet; a gateway may send them as questions of
the link itself. Addresses, passwords and codes are in them, so none of them is ever printed or written as it is.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

Address = Annotated[str, msgspec.Meta(max_length=254)]
"""An e-mail address."""
Secret = Annotated[str, msgspec.Meta(max_length=256)]
"""A password or a code, as somebody typed it."""
_Url = Annotated[str, msgspec.Meta(max_length=2000)]
ADDRESSES_MAX: Final = 100
GROUPS_MAX: Final = 100
_Groups = Annotated[list[Code], msgspec.Meta(max_length=GROUPS_MAX)]


# --- without a ticket ------------------------------------------------------------------------------------------


class LogIn(Record, frozen=True):
    """Answered by SessionOpened, or by Refused: the same for a wrong password and an unknown address.

    workspace_id: which workspace, where the address is known in several; empty for the oldest membership
    """

    KIND: ClassVar[int] = 330
    address: Address
    password: Secret
    workspace_id: Name = ""


class SessionOpened(Record, frozen=True):
    """The only time that the token of a session is shown."""

    KIND: ClassVar[int] = 331
    token: Code
    session_id: Code
    user_id: Code
    workspace_id: Code
    role: Code
    expires_unix: Count


class AcceptInvitation(Record, frozen=True):
    """Makes a member of whoever holds the code of an invitation. Answered by SessionOpened or Refused."""

    KIND: ClassVar[int] = 332
    code: Secret
    password: Secret
    first_name: Name = ""


class RequestPasswordReset(Record, frozen=True):
    """Has a code sent, if there is such a member. Answered by Done in any case."""

    KIND: ClassVar[int] = 333
    address: Address
    workspace_id: Name = ""


class ResetPassword(Record, frozen=True):
    """Sets a new password and closes all sessions. Answered by Done or Refused."""

    KIND: ClassVar[int] = 334
    code: Secret
    password: Secret


class StartSignOn(Record, frozen=True):
    """Begins a login at the identity provider of a workspace. Answered by SignOnStarted or Refused."""

    KIND: ClassVar[int] = 335
    workspace_id: Name


class SignOnStarted(Record, frozen=True):
    """Where the browser goes now."""

    KIND: ClassVar[int] = 336
    url: Annotated[str, msgspec.Meta(max_length=8000)]
    state: Code


class FinishSignOn(Record, frozen=True):
    """What the browser brought back. Answered by SessionOpened or Refused."""

    KIND: ClassVar[int] = 337
    state: Secret
    code: Annotated[str, msgspec.Meta(max_length=4000)]


# --- members ---------------------------------------------------------------------------------------------------


class MemberView(Record, frozen=True):
    """A member, or somebody who is invited."""

    KIND: ClassVar[int] = 0
    user_id: Code
    address: Address
    first_name: Name
    role: Code
    is_owner: bool
    is_locked: bool
    created_unix: Count
    character_limit: Count | None
    session_count: Count = 0


class InvitationView(Record, frozen=True):
    """An invitation that nobody has accepted yet."""

    KIND: ClassVar[int] = 0
    address: Address
    role: Code
    created_unix: Count
    expires_unix: Count


class ListMembers(Record, frozen=True):
    """Answered by MemberList."""

    KIND: ClassVar[int] = 338


class MemberList(Record, frozen=True):
    """The members of a workspace, oldest first, and the open invitations."""

    KIND: ClassVar[int] = 339
    members: list[MemberView]
    invitations: list[InvitationView] = msgspec.field(default_factory=list)


class EditMember(Record, frozen=True):
    """Changes a member; None leaves a part as it is. Answered by Done or Refused(not_found)."""

    KIND: ClassVar[int] = 340
    address: Address
    role: Code | None = None
    is_locked: bool | None = None


class SetUsageLimit(Record, frozen=True):
    """Says how many characters a member may use in a month; None for those of the workspace. Answered by Done."""

    KIND: ClassVar[int] = 341
    user_id: Name
    character_limit: Count | None


class Invite(Record, frozen=True):
    """Invites addresses by e-mail. Answered by Done or Refused; who is a member already is passed over."""

    KIND: ClassVar[int] = 342
    addresses: Annotated[list[Address], msgspec.Meta(min_length=1, max_length=ADDRESSES_MAX)]
    role: Code
    group_ids: _Groups = msgspec.field(default_factory=list)
    character_limit: Count | None = None


class WithdrawInvitation(Record, frozen=True):
    """Makes the invitations of an address worthless. Answered by Done or Refused(not_found)."""

    KIND: ClassVar[int] = 343
    address: Address


# --- groups ----------------------------------------------------------------------------------------------------


class GroupView(Record, frozen=True):
    """A group with the addresses of its members."""

    KIND: ClassVar[int] = 0
    group_id: Code
    name: Name
    user_ids: list[Code]
    addresses: list[Address]


class ListGroups(Record, frozen=True):
    """Answered by GroupList.

    name: only groups with exactly this name; empty for all
    """

    KIND: ClassVar[int] = 344
    name: Name = ""


class GroupList(Record, frozen=True):
    """Groups of a workspace, oldest first."""

    KIND: ClassVar[int] = 345
    groups: list[GroupView]


class CreateGroup(Record, frozen=True):
    """Makes an empty group. Answered by GroupList with it alone, or Refused."""

    KIND: ClassVar[int] = 346
    name: Name


class DeleteGroup(Record, frozen=True):
    """Deletes a group; its members stay members. Answered by Done or Refused(not_found)."""

    KIND: ClassVar[int] = 347
    group_id: Name


class ChangeGroup(Record, frozen=True):
    """Puts a member into a group or takes one out. Answered by Done or Refused(not_found)."""

    KIND: ClassVar[int] = 348
    group_id: Name
    address: Address
    is_in: bool


# --- one's own sessions and password ---------------------------------------------------------------------------


class SessionView(Record, frozen=True):
    """A session without its token."""

    KIND: ClassVar[int] = 0
    session_id: Code
    created_unix: Count
    expires_unix: Count
    is_own: bool


class ListSessions(Record, frozen=True):
    """Asks for the sessions of the member who asks. Answered by SessionList or Refused."""

    KIND: ClassVar[int] = 349


class SessionList(Record, frozen=True):
    """Open sessions, oldest first."""

    KIND: ClassVar[int] = 350
    sessions: list[SessionView]


class CloseSessions(Record, frozen=True):
    """Revokes sessions of the member who asks. Answered by Done or Refused(not_found).

    session_id: one of them; empty for the one that asks
    is_all:     every one of them, whatever session_id says
    """

    KIND: ClassVar[int] = 351
    session_id: Name = ""
    is_all: bool = False


class ChangePassword(Record, frozen=True):
    """Changes the password of the member who asks, and revokes the other sessions. Answered by Done or Refused."""

    KIND: ClassVar[int] = 352
    old_password: Secret
    new_password: Secret


# --- single sign-on --------------------------------------------------------------------------------------------


class GetSignOn(Record, frozen=True):
    """Answered by SignOnView or Refused(not_found)."""

    KIND: ClassVar[int] = 353


class SignOnView(Record, frozen=True):
    """The identity provider of a workspace, without the client's secret.

    domains:      of addresses for whom a member is made at the first login; none for invited ones only
    default_role: of those
    """

    KIND: ClassVar[int] = 354
    issuer: _Url
    client_id: Name
    redirect_url: _Url
    domains: list[Name]
    default_role: Code


class SetSignOn(Record, frozen=True):
    """Names the identity provider. Answered by SignOnView or Refused. Fields as above.

    client_secret: empty to leave it as it is
    """

    KIND: ClassVar[int] = 355
    issuer: _Url
    client_id: Name
    client_secret: Annotated[str, msgspec.Meta(max_length=1000)]
    redirect_url: _Url
    domains: Annotated[list[Name], msgspec.Meta(max_length=50)]
    default_role: Code


class RemoveSignOn(Record, frozen=True):
    """Takes single sign-on away. Answered by Done or Refused(not_found)."""

    KIND: ClassVar[int] = 356


UNTICKETED_RECORDS: Final = (
    LogIn, AcceptInvitation, RequestPasswordReset, ResetPassword, StartSignOn, FinishSignOn,
)  # fmt: skip
"""Questions that are asked before there is a credential."""
MEMBER_RECORDS: Final[tuple[type[Record], ...]] = (
    *UNTICKETED_RECORDS, SessionOpened, SignOnStarted, ListMembers, MemberList, EditMember, SetUsageLimit, Invite,
    WithdrawInvitation, ListGroups, GroupList, CreateGroup, DeleteGroup, ChangeGroup, ListSessions, SessionList,
    CloseSessions, ChangePassword, GetSignOn, SignOnView, SetSignOn, RemoveSignOn,
)  # fmt: skip
"""From a gateway to the vault, and back."""


# --- the operator's ----------------------------------------------------------------------------------------------


class OperatorAddMember(Record, frozen=True):
    """Makes a member at once, without an invitation. Answered by MemberList with it alone, or Refused.

    password: empty for one who sets it by a code, or who signs on elsewhere
    is_owner: whether the member owns the workspace; the first administrator does in any case
    """

    KIND: ClassVar[int] = 357
    workspace_id: Name
    address: Address
    role: Code
    password: Secret = ""
    first_name: Name = ""
    is_owner: bool = False


class OperatorListMembers(Record, frozen=True):
    """Answered by MemberList or Refused."""

    KIND: ClassVar[int] = 358
    workspace_id: Name


class OperatorChangeMember(Record, frozen=True):
    """Changes a member; None leaves a part as it is. Answered by Done or Refused.

    password:         empty to leave it as it is; a new one closes all sessions
    closes_sessions:  whether every session is revoked
    is_removed:       whether the member is removed, with key, sessions and memberships of groups
    """

    KIND: ClassVar[int] = 359
    user_id: Name
    role: Code | None = None
    is_locked: bool | None = None
    password: Secret = ""
    closes_sessions: bool = False
    is_removed: bool = False


OPERATOR_MEMBER_RECORDS: Final[tuple[type[Record], ...]] = (
    OperatorAddMember, OperatorListMembers, OperatorChangeMember, MemberList,
)  # fmt: skip
