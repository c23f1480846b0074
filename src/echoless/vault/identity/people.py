"""The members of workspaces: made, changed and removed one after another, committed first, then in force.

A member's address is opened where it is shown or written to, and nowhere kept in clear. A workspace that has an
administrator never loses the last one, and its owner neither role nor membership, except by the operator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.vault.identity.addresses import lookup_digest
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.members import (
    MemberProfile,
    member_row,
    opened_profile,
    sealed_profile,
    sealers_of,
)
from echoless.vault.stores.membership import Member
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import OPERATOR, audit_row
from echoless.vault.stores.writing import Row, Write

MEMBERS_MAX: Final = 10_000
NO_MEMBER: Final = "There is no such member."
Erase = Callable[[Sequence[str]], Awaitable[None]]
"""Destroys keys and rows of ids, noted in the ledger of erasures first."""


class People:
    """Makes and changes members.

    one_at_a_time: held by whoever changes members, their passes or their groups
    """

    def __init__(self, storage: Storage, clock: Clock, erase: Erase) -> None:
        self._storage = storage
        self._clock = clock
        self._erase = erase
        self._sealers: dict[str, ItemSealer] = {}
        self.one_at_a_time = asyncio.Lock()

    @property
    def accounts(self) -> Accounts:
        """What is in force."""
        return self._storage.accounts

    async def load(self) -> None:
        """Take the members' keys into memory."""
        ids = [(member.workspace_id, member.user_id) for member in self.accounts.members.values()]
        self._sealers = await self._storage.read(lambda reader: sealers_of(reader, ids))
        for _, user_id in ids:
            # The start has just taken away what was half removed.
            if user_id not in self._sealers:
                self.accounts.drop_member(user_id)

    # --- finding ---

    def profile(self, member: Member) -> MemberProfile:
        """Return who a member is.

        raises: EcholessError(NOT_FOUND) where the member was removed meanwhile
        """
        sealer = self._sealers.get(member.user_id)
        if sealer is None:
            raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
        return opened_profile(sealer, member.sealed_profile)

    def address_of(self, workspace_id: str, user_id: str) -> str | None:
        """Return the address of a member, or None where there is none."""
        member = self.accounts.members.get(user_id)
        if member is None or member.workspace_id != workspace_id:
            return None
        return self.profile(member).email

    def with_address(self, address: str, workspace_id: str = "") -> Member | None:
        """Return the member with a normal address, of one workspace or else the oldest membership."""
        digest = lookup_digest(self._storage.keyring, address)
        found = [
            member
            for member in self.accounts.members.values()
            if member.lookup_digest == digest and workspace_id in {"", member.workspace_id}
        ]
        return min(found, key=lambda member: (member.created_unix, member.user_id), default=None)

    def named(self, workspace_id: str, user_id: str) -> Member:
        """Return a member of a workspace.

        raises: EcholessError(NOT_FOUND), the same for a member of another workspace
        """
        member = self.accounts.members.get(user_id)
        if member is None or member.workspace_id != workspace_id:
            raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
        return member

    # --- changing ---

    async def add(
        self, workspace_id: str, profile: MemberProfile, role: MemberRole, actor_id: str, *,
        is_owner: bool = False, character_limit: int | None = None, subject: bytes = b"",
        more: Callable[[Member], Sequence[tuple[Write, Row]]] = lambda _member: (),
    ) -> Member:  # fmt: skip
        """Make a member; the first administrator owns the workspace. `one_at_a_time` must be held.

        profile: with a normal address
        more:    rows to be written together with the member
        raises:  EcholessError(INVALID_PARAMETERS) where the address is a member already, or there are too many
        """
        assert self.one_at_a_time.locked()
        self._check_room(workspace_id, profile.email)
        has_owner = self.accounts.owner_of(workspace_id) is not None
        is_owner = is_owner or (role is MemberRole.ADMIN and not has_owner)
        user_id = new_opaque_id() if has_owner or not is_owner else self._owner_id(workspace_id)
        sealer = ItemSealer.new(user_id)
        member = Member(
            user_id=user_id, workspace_id=workspace_id, role=role, created_unix=self._clock.unix_ms() // 1000,
            lookup_digest=lookup_digest(self._storage.keyring, profile.email),
            sealed_profile=sealed_profile(sealer, profile), is_owner=is_owner, character_limit=character_limit,
            subject_digest=subject,
        )  # fmt: skip
        wrapped = self._storage.keyring.wrap_item_key(workspace_id, user_id, sealer.key)
        key: Row = {"item_id": user_id, "workspace_id": workspace_id, "wrapped": wrapped}
        act = audit_row(self._clock, workspace_id, actor_id, "member.add", user_id)
        row = (Write.MEMBER, member_row(member))
        await self._storage.writer.now((Write.ITEM_KEY, key), row, *more(member), act)
        self._sealers[user_id] = sealer
        self.accounts.put_member(member)
        return member

    async def change(
        self, user_id: str, change: Callable[[Member], Member], actor_id: str, activity: str
    ) -> Member:
        """Change a member as it stands when its turn comes. `one_at_a_time` must be held.

        raises: EcholessError(NOT_FOUND); EcholessError(INVALID_PARAMETERS) where it would take the owner's role or
                the last administrator away
        """
        assert self.one_at_a_time.locked()
        before = self.accounts.members.get(user_id)
        if before is None:
            raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
        after = change(before)
        if not _administers(after):
            self._check_may_lose(before, actor_id)
        act = audit_row(self._clock, before.workspace_id, actor_id, activity, user_id)
        await self._storage.writer.now((Write.MEMBER, member_row(after)), act)
        self.accounts.put_member(after)
        return after

    async def set_password(self, user_id: str, password_hash: str, actor_id: str) -> None:
        """Store the hash of a new password. `one_at_a_time` must be held.

        raises: EcholessError(NOT_FOUND)
        """

        def change(before: Member) -> Member:
            profile = self.profile(before)
            changed = MemberProfile(profile.email, profile.first_name, password_hash)
            return replace(before, sealed_profile=sealed_profile(self._sealers[user_id], changed))

        await self.change(user_id, change, actor_id, "member.password")

    async def remove(self, user_id: str, actor_id: str) -> None:
        """Remove a member: key first, then row, sessions, passes, memberships, count. `one_at_a_time` must be held.

        raises: EcholessError(NOT_FOUND); EcholessError(INVALID_PARAMETERS) for the owner or the last administrator
        """
        assert self.one_at_a_time.locked()
        member = self.accounts.members.get(user_id)
        if member is None:
            raise EcholessError(ErrorCode.NOT_FOUND, NO_MEMBER)
        self._check_may_lose(member, actor_id)
        # From here on nobody is let in as this member, whatever becomes of the rest.
        self.accounts.drop_member(user_id)
        self._sealers.pop(user_id, None)
        await self._storage.writer.now(
            audit_row(self._clock, member.workspace_id, actor_id, "member.remove", user_id)
        )
        await self._erase([user_id])

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget the members of a workspace that is deleted; its rows and keys are its deletion's work."""
        for member in self.accounts.members_of(workspace_id):
            self.accounts.drop_member(member.user_id)
            self._sealers.pop(member.user_id, None)

    # --- inner ---

    def _check_room(self, workspace_id: str, address: str) -> None:
        if self.with_address(address, workspace_id) is not None:
            message = "There is a member with this address already."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="email")
        if len(self.accounts.members_of(workspace_id)) >= MEMBERS_MAX:
            message = f"A workspace has at most {MEMBERS_MAX} members."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="email")

    def _owner_id(self, workspace_id: str) -> str:
        """Return the id that stands for the owner of the workspace since it was made, unless it was used before."""
        own = self.accounts.workspaces[workspace_id].user_id
        return new_opaque_id() if own in self.accounts.members else own

    def _check_may_lose(self, member: Member, actor_id: str) -> None:
        if not _administers(member):
            return
        if member.is_owner and actor_id != OPERATOR:
            message = "The owner of a workspace keeps role and membership."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="email")
        if self.accounts.admins_of(member.workspace_id) == [member] and actor_id != OPERATOR:
            message = "A workspace keeps one administrator at least."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="email")


def _administers(member: Member) -> bool:
    return member.role is MemberRole.ADMIN and not member.is_locked
