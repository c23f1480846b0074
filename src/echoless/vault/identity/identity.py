"""All of identity, put together once and loaded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from echoless.core.clock import Clock
from echoless.vault.identity.groups import Groups
from echoless.vault.identity.logins import LogIns
from echoless.vault.identity.passes import Passes
from echoless.vault.identity.passwords import Passwords
from echoless.vault.identity.people import Erase, People
from echoless.vault.identity.ports import CodeSender
from echoless.vault.identity.sessions import Sessions
from echoless.vault.identity.sign_on import SignOns
from echoless.vault.stores.member_parts import count_kept, count_removed, reassign, remove_counter
from echoless.vault.stores.membership import Member
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of what a removed member had.

    removed, reassigned, kept: how much, by name; reassigned to `heir_id`, kept under an id that names nobody now
    """

    user_id: str
    heir_id: str
    removed: Mapping[str, int]
    reassigned: Mapping[str, int]
    kept: Mapping[str, int]


class Identity:
    """Members, sessions, passes, groups and single sign-on of one vault."""

    def __init__(
        self, storage: Storage, clock: Clock, *, erase: Erase, sender: CodeSender, session_life_s: int,
        passwords: Passwords | None = None,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._sender = sender
        self.passwords = passwords or Passwords()
        self.people = People(storage, clock, erase)
        self.sessions = Sessions(storage, clock, session_life_s)
        self.passes = Passes(storage, clock, erase)
        self.groups = Groups(storage, clock)
        self.logins = LogIns(
            people=self.people, sessions=self.sessions, passes=self.passes, groups=self.groups,
            passwords=self.passwords, keyring=storage.keyring, clock=clock, sender=sender,
        )  # fmt: skip
        self.sign_ons = SignOns(storage, clock, erase, self.people, self.sessions)

    async def load(self) -> None:
        """Take what is stored into memory."""
        await self.people.load()
        await self.passes.load()
        await self.groups.load()
        await self.sign_ons.load()

    async def close(self) -> None:
        """End what is under way."""
        await self.logins.finish_sending()
        self.passwords.close()

    async def tidy(self) -> int:
        """Destroy what time has closed; return of how many sessions and passes."""
        async with self.people.one_at_a_time:
            return await self.sessions.forget_expired() + await self.passes.forget_expired()

    async def invite(
        self, workspace_id: str, address: str, role: MemberRole, actor_id: str, *,
        group_ids: Sequence[str] = (), character_limit: int | None = None,
    ) -> None:  # fmt: skip
        """Invite a normal address, unless it is a member's."""
        async with self.people.one_at_a_time:
            if self.people.with_address(address, workspace_id) is not None:
                return
            _, code = await self.passes.invite(
                workspace_id, address, role, actor_id, group_ids=group_ids, character_limit=character_limit
            )
        await self._sender.send_invitation(workspace_id, address, role.value, code)

    async def edit(
        self, member: Member, actor_id: str, *, role: MemberRole | None = None, is_locked: bool | None = None
    ) -> None:
        """Change a member; `one_at_a_time` must be held. Who is locked has no session any more.

        raises: EcholessError(INVALID_PARAMETERS) where the owner or the last administrator would be lost
        """

        def change(before: Member) -> Member:
            locked = before.is_locked if is_locked is None else is_locked
            return replace(before, role=role or before.role, is_locked=locked)

        await self.people.change(member.user_id, change, actor_id, "member.change")
        if is_locked:
            await self.sessions.close_all_of(member.user_id, actor_id)

    async def remove_member(self, user_id: str, actor_id: str) -> Removal:
        """Remove a member with sessions, passes, memberships and key; return what became of what was theirs.

        What a member made belongs to the workspace and goes to its owner. `one_at_a_time` must be held.

        raises: EcholessError(NOT_FOUND); EcholessError(INVALID_PARAMETERS) for the owner or the last administrator
        """
        writer, accounts = self._storage.writer, self.people.accounts
        await writer.flush()
        removed = await writer.run(lambda stores: count_removed(stores, user_id))
        kept = await writer.run(lambda stores: count_kept(stores, user_id))
        member = accounts.members.get(user_id)
        await self.people.remove(user_id, actor_id)
        assert member is not None, "who is not there cannot be removed"
        heir_id = accounts.workspaces[member.workspace_id].user_id
        reassigned = await writer.run(lambda stores: reassign(stores, user_id, heir_id))
        await writer.run(lambda stores: remove_counter(stores, user_id))
        self.groups.forget_member(user_id)
        # Their rows go with the member's; their keys do not.
        await self.passes.burn(self.passes.of_member(user_id))
        return Removal(user_id, heir_id, removed, reassigned, kept)

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget everything of a workspace that is deleted; rows and keys are its deletion's work."""
        self.people.forget_workspace(workspace_id)
        self.groups.forget_workspace(workspace_id)
        self.passes.forget_workspace(workspace_id)
        self.sign_ons.forget_workspace(workspace_id)
