"""(queries) The operator's door to members: the first of a workspace, and whoever cannot get in any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import MemberRemoved
from echoless.crossing.member_records import (
    MemberList,
    OperatorAddMember,
    OperatorChangeMember,
    OperatorListMembers,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record
from echoless.vault.identity.addresses import normal_address
from echoless.vault.identity.granting import role_named
from echoless.vault.identity.identity import Identity
from echoless.vault.identity.people import NO_MEMBER
from echoless.vault.queries.members import member_list, member_view, removal_view
from echoless.vault.stores.members import MemberProfile
from echoless.vault.stores.trail import OPERATOR

Act = Callable[[Any], Awaitable[Record]]
_NO_WORKSPACE: Final = "There is no workspace with this id."


class OperatorMembers:
    """Serves the operator."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what is done for which record."""
        return {
            OperatorAddMember: self._add,
            OperatorListMembers: self._list,
            OperatorChangeMember: self._change,
        }

    async def _add(self, record: OperatorAddMember) -> MemberList:
        self._check_workspace(record.workspace_id)
        role, address = role_named(record.role), normal_address(record.address)
        hashed = await self._identity.passwords.hash(record.password) if record.password else ""
        people = self._identity.people
        async with people.one_at_a_time:
            profile = MemberProfile(address, record.first_name, hashed)
            member = await people.add(record.workspace_id, profile, role, OPERATOR, is_owner=record.is_owner)
        return MemberList([member_view(self._identity, member)])

    async def _list(self, record: OperatorListMembers) -> MemberList:
        self._check_workspace(record.workspace_id)
        return member_list(self._identity, record.workspace_id)

    async def _change(self, record: OperatorChangeMember) -> Done | MemberRemoved:
        role = role_named(record.role) if record.role is not None else None
        hashed = await self._identity.passwords.hash(record.password) if record.password else ""
        people = self._identity.people
        async with people.one_at_a_time:
            member = people.accounts.members.get(record.user_id)
            if member is None:
                raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
            if record.is_removed:
                return removal_view(await self._identity.remove_member(member.user_id, OPERATOR))
            if role is not None or record.is_locked is not None:
                await self._identity.edit(member, OPERATOR, role=role, is_locked=record.is_locked)
            if hashed:
                await people.set_password(member.user_id, hashed, OPERATOR)
            if hashed or record.closes_sessions:
                await self._identity.sessions.close_all_of(member.user_id, OPERATOR)
        return Done()

    def _check_workspace(self, workspace_id: str) -> None:
        if workspace_id not in self._identity.people.accounts.workspaces:
            raise EcholessError(ErrorCode.NOT_FOUND, _NO_WORKSPACE)
