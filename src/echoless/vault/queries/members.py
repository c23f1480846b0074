"""(queries) The members, invitations and groups of the caller's own workspace, and the caller's own sessions.

An address that is no member's and a group of another workspace are answered like ones that never existed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import MemberRemoved, RemoveMember
from echoless.crossing.member_records import (
    ChangeGroup,
    ChangePassword,
    CloseSessions,
    CreateGroup,
    DeleteGroup,
    EditMember,
    GetSignOn,
    GroupList,
    GroupView,
    InvitationView,
    Invite,
    ListGroups,
    ListMembers,
    ListSessions,
    MemberList,
    MemberView,
    RemoveSignOn,
    SessionList,
    SessionView,
    SetSignOn,
    SetUsageLimit,
    SignOnView,
    WithdrawInvitation,
)
from echoless.crossing.query_records import Done
from echoless.vault.identity.addresses import normal_address
from echoless.vault.identity.granting import check_may_grant, role_named
from echoless.vault.identity.identity import Identity, Removal
from echoless.vault.identity.people import NO_MEMBER
from echoless.vault.stores.accounts import ApiKey, Caller
from echoless.vault.stores.members import Provider
from echoless.vault.stores.membership import Group, Member
from echoless.vault.stores.roles import MemberRole

_NOT_A_MEMBER: Final = "Only a member who is logged in has sessions and a password; an API key asks here."


class MemberQueries:
    """Answers questions about people."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._people = identity.people
        self._accounts = identity.people.accounts

    # --- members ---

    async def list_members(self, caller: Caller, _record: ListMembers) -> MemberList:
        """Return the members and the open invitations."""
        return member_list(self._identity, caller.workspace_id)

    async def edit(self, caller: Caller, record: EditMember) -> Done:
        """Change a member's role, or lock one out and let in again; a locked member's sessions are closed.

        raises: EcholessError(NOT_FOUND, INVALID_PARAMETERS, MISSING_PERMISSIONS)
        """
        role = role_named(record.role) if record.role is not None else None
        async with self._people.one_at_a_time:
            member = self._with_address(caller, record.address)
            # Whoever takes from a member, or gives, must have what that member has before and after.
            for touched in {member.role, role or member.role}:
                check_may_grant(self._own(caller), touched)
            await self._identity.edit(member, caller.key_id, role=role, is_locked=record.is_locked)
        return Done()

    async def remove(self, caller: Caller, record: RemoveMember) -> MemberRemoved:
        """Remove a member; say what went, what the owner took over, and what stays under an id alone.

        raises: EcholessError(NOT_FOUND, INVALID_PARAMETERS, MISSING_PERMISSIONS)
        """
        async with self._people.one_at_a_time:
            member = self._with_address(caller, record.address)
            check_may_grant(self._own(caller), member.role)
            return removal_view(await self._identity.remove_member(member.user_id, caller.key_id))

    async def set_usage_limit(self, caller: Caller, record: SetUsageLimit) -> Done:
        """Bound what a member may use in a month.

        raises: EcholessError(NOT_FOUND); EcholessError(MISSING_PERMISSIONS) where one's own bound would move
        """
        async with self._people.one_at_a_time:
            member = self._people.named(caller.workspace_id, record.user_id)
            check_may_grant(self._own(caller), member.role)
            await self._people.change(
                member.user_id, lambda before: replace(before, character_limit=record.character_limit),
                caller.key_id, "member.usage_limit",
            )  # fmt: skip
        return Done()

    async def invite(self, caller: Caller, record: Invite) -> Done:
        """Invite addresses; those of members are passed over, so that a list can be sent twice.

        raises: EcholessError(INVALID_PARAMETERS, MISSING_PERMISSIONS), EcholessError(NOT_FOUND) for a group
        """
        role = role_named(record.role)
        check_may_grant(self._own(caller), role)
        addresses = list(dict.fromkeys(normal_address(address) for address in record.addresses))
        for group_id in record.group_ids:
            self._identity.groups.named(caller.workspace_id, group_id)
        for address in addresses:
            await self._identity.invite(
                caller.workspace_id, address, role, caller.key_id, group_ids=record.group_ids,
                character_limit=record.character_limit,
            )  # fmt: skip
        return Done()

    async def withdraw(self, caller: Caller, record: WithdrawInvitation) -> Done:
        """Make the invitation of an address worthless."""
        address = normal_address(record.address)
        async with self._people.one_at_a_time:
            await self._identity.passes.withdraw(caller.workspace_id, address, caller.key_id)
        return Done()

    # --- groups ---

    async def list_groups(self, caller: Caller, record: ListGroups) -> GroupList:
        """Return the groups of the workspace."""
        found = self._identity.groups.of(caller.workspace_id, record.name)
        return GroupList([self._group_view(group) for group in found])

    async def create_group(self, caller: Caller, record: CreateGroup) -> GroupList:
        """Make a group."""
        async with self._people.one_at_a_time:
            group = await self._identity.groups.create(caller.workspace_id, record.name, caller.key_id)
        return GroupList([self._group_view(group)])

    async def delete_group(self, caller: Caller, record: DeleteGroup) -> Done:
        """Delete a group."""
        async with self._people.one_at_a_time:
            await self._identity.groups.delete(caller.workspace_id, record.group_id, caller.key_id)
        return Done()

    async def change_group(self, caller: Caller, record: ChangeGroup) -> Done:
        """Put a member into a group, or take one out."""
        async with self._people.one_at_a_time:
            group = self._identity.groups.named(caller.workspace_id, record.group_id)
            member = self._with_address(caller, record.address)
            await self._identity.groups.put(group, member, caller.key_id, is_in=record.is_in)
        return Done()

    # --- the caller's own ---

    async def list_sessions(self, caller: Caller, _record: ListSessions) -> SessionList:
        """Return the open sessions of the member who asks."""
        mine = self._accounts.sessions_of(self._member(caller).user_id)
        views = [
            SessionView(one.session_id, one.created_unix, one.expires_unix, one.session_id == caller.session_id)
            for one in mine
            if self._accounts.is_session_open(one)
        ]
        return SessionList(views)

    async def close_sessions(self, caller: Caller, record: CloseSessions) -> Done:
        """Revoke sessions of the member who asks.

        raises: EcholessError(NOT_FOUND) for a session that is not theirs
        """
        mine = self._accounts.sessions_of(self._member(caller).user_id)
        wanted = record.session_id or caller.session_id
        chosen = [one for one in mine if record.is_all or one.session_id == wanted]
        if not chosen:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no session with this id.")
        await self._identity.sessions.close(chosen, caller.key_id)
        return Done()

    async def change_password(self, caller: Caller, record: ChangePassword) -> Done:
        """Change the password of the member who asks.

        raises: EcholessError(INVALID_CREDENTIALS, INVALID_PARAMETERS)
        """
        await self._identity.logins.change_password(
            self._member(caller), record.old_password, record.new_password, caller.session_id
        )
        return Done()

    # --- single sign-on ---

    async def get_sign_on(self, caller: Caller, _record: GetSignOn) -> SignOnView:
        """Return the identity provider, without the client's secret."""
        return _sign_on_view(self._identity.sign_ons.provider(caller.workspace_id))

    async def set_sign_on(self, caller: Caller, record: SetSignOn) -> SignOnView:
        """Name the identity provider.

        raises: EcholessError(INVALID_PARAMETERS, MISSING_PERMISSIONS)
        """
        role = role_named(record.default_role)
        # Whoever names the provider can have it vouch for anybody's address, an administrator's too.
        check_may_grant(self._own(caller), MemberRole.ADMIN)
        wanted = Provider(
            issuer=record.issuer, client_id=record.client_id, client_secret=record.client_secret,
            redirect_url=record.redirect_url, domains=tuple(domain.lower() for domain in record.domains),
            default_role=role.value,
        )  # fmt: skip
        async with self._people.one_at_a_time:
            return _sign_on_view(await self._identity.sign_ons.set(caller.workspace_id, wanted, caller.key_id))

    async def remove_sign_on(self, caller: Caller, _record: RemoveSignOn) -> Done:
        """Take single sign-on away; who has no password needs a code for one then."""
        async with self._people.one_at_a_time:
            await self._identity.sign_ons.remove(caller.workspace_id, caller.key_id)
        return Done()

    # --- inner ---

    def _own(self, caller: Caller) -> ApiKey:
        own = self._accounts.valid_rights_of(caller)
        if own is None:
            raise EcholessError(ErrorCode.INVALID_API_KEY, "The API key or session is no longer valid.")
        return own

    def _member(self, caller: Caller) -> Member:
        member = self._accounts.members.get(caller.key_id) if caller.is_member else None
        if member is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, _NOT_A_MEMBER)
        return member

    def _with_address(self, caller: Caller, address: str) -> Member:
        member = self._people.with_address(normal_address(address), caller.workspace_id)
        if member is None:
            raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
        return member

    def _group_view(self, group: Group) -> GroupView:
        addresses = [self._people.address_of(group.workspace_id, user_id) or "" for user_id in group.user_ids]
        return GroupView(group.group_id, group.name, list(group.user_ids), addresses)


def member_list(identity: Identity, workspace_id: str) -> MemberList:
    """Return the members and open invitations of a workspace as they cross."""
    members = [member_view(identity, member) for member in identity.people.accounts.members_of(workspace_id)]
    invitations = [
        InvitationView(identity.passes.address_of(one), one.role.value, one.created_unix, one.expires_unix)
        for one in identity.passes.invitations_of(workspace_id)
    ]
    return MemberList(members, invitations)


def removal_view(removal: Removal) -> MemberRemoved:
    """Return what became of a removed member's things as it crosses."""
    return MemberRemoved(
        removal.user_id, removal.heir_id, dict(removal.removed), dict(removal.reassigned), dict(removal.kept)
    )


def member_view(identity: Identity, member: Member) -> MemberView:
    """Return a member as it crosses."""
    profile = identity.people.profile(member)
    accounts = identity.people.accounts
    is_open = [accounts.is_session_open(session) for session in accounts.sessions_of(member.user_id)]
    return MemberView(
        user_id=member.user_id, address=profile.email, first_name=profile.first_name, role=member.role.value,
        is_owner=member.is_owner, is_locked=member.is_locked, created_unix=member.created_unix,
        character_limit=member.character_limit, session_count=sum(is_open),
    )  # fmt: skip


def _sign_on_view(provider: Provider) -> SignOnView:
    return SignOnView(
        issuer=provider.issuer, client_id=provider.client_id, redirect_url=provider.redirect_url,
        domains=list(provider.domains), default_role=provider.default_role,
    )  # fmt: skip
