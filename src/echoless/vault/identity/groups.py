"""Groups: members of a workspace under one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.vault.stores.members import group_row, load_groups
from echoless.vault.stores.membership import Group, Member
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Row, Write

GROUPS_MAX: Final = 500
_NO_GROUP: Final = "There is no group with this id."


class Groups:
    """Makes and changes groups. `one_at_a_time` of the members must be held by whoever changes them."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._by_id: dict[str, Group] = {}

    async def load(self) -> None:
        """Take the stored groups into memory."""
        self._by_id = {group.group_id: group for group in await self._storage.read(load_groups)}

    def of(self, workspace_id: str, name: str = "") -> list[Group]:
        """Return the groups of a workspace, oldest first; only those with a name where one is given."""
        mine = [group for group in self._by_id.values() if group.workspace_id == workspace_id]
        return [group for group in mine if name in {"", group.name}]

    def named(self, workspace_id: str, group_id: str) -> Group:
        """Return a group of a workspace.

        raises: EcholessError(NOT_FOUND), the same for one of another workspace
        """
        group = self._by_id.get(group_id)
        if group is None or group.workspace_id != workspace_id:
            raise EcholessError(ErrorCode.NOT_FOUND, _NO_GROUP)
        return group

    async def create(self, workspace_id: str, name: str, actor_id: str) -> Group:
        """Make an empty group.

        raises: EcholessError(INVALID_PARAMETERS) where the name is taken or empty, or there are too many
        """
        mine = self.of(workspace_id)
        if not name.strip() or len(mine) >= GROUPS_MAX or any(group.name == name for group in mine):
            message = f"A group needs a name of its own, and a workspace has at most {GROUPS_MAX}."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="name")
        group = Group(new_opaque_id(), workspace_id, name, self._clock.unix_ms() // 1000)
        act = audit_row(self._clock, workspace_id, actor_id, "group.create", group.group_id)
        await self._storage.writer.now((Write.MEMBER_GROUP, group_row(group)), act)
        self._by_id[group.group_id] = group
        return group

    async def delete(self, workspace_id: str, group_id: str, actor_id: str) -> None:
        """Delete a group; its members stay members."""
        group = self.named(workspace_id, group_id)
        rows = [_gone(group_id, user_id) for user_id in group.user_ids]
        act = audit_row(self._clock, workspace_id, actor_id, "group.delete", group_id)
        await self._storage.writer.now(*rows, (Write.MEMBER_GROUP_REMOVED, {"gone_group_id": group_id}), act)
        del self._by_id[group_id]

    async def put(self, group: Group, member: Member, actor_id: str, *, is_in: bool) -> None:
        """Put a member into a group, or take one out; what is so already stays."""
        if (member.user_id in group.user_ids) is is_in:
            return
        word = "group.member_add" if is_in else "group.member_remove"
        act = audit_row(self._clock, group.workspace_id, actor_id, word, member.user_id)
        row = self.joining([group.group_id], member)[0] if is_in else _gone(group.group_id, member.user_id)
        await self._storage.writer.now(row, act)
        if is_in:
            self.joined([group.group_id], member.user_id)
        else:
            self._left(group.group_id, member.user_id)

    def joining(self, group_ids: Sequence[str], member: Member) -> list[tuple[Write, Row]]:
        """Return the rows that put a member into those of these groups that the workspace has."""
        now = self._clock.unix_ms() // 1000
        known = [self._by_id[group_id] for group_id in group_ids if group_id in self._by_id]
        return [
            (
                Write.GROUP_MEMBERSHIP,
                {"group_id": group.group_id, "user_id": member.user_id, "added_unix": now},
            )
            for group in known
            if group.workspace_id == member.workspace_id
        ]

    def joined(self, group_ids: Sequence[str], user_id: str) -> None:
        """Take note that rows of `joining` were written."""
        for group_id in group_ids:
            group = self._by_id.get(group_id)
            if group is not None and user_id not in group.user_ids:
                self._by_id[group_id] = replace(group, user_ids=(*group.user_ids, user_id))

    def forget_member(self, user_id: str) -> None:
        """Take note that a member was removed with all memberships."""
        for group_id in self._by_id:
            self._left(group_id, user_id)

    def forget_workspace(self, workspace_id: str) -> None:
        """Take note that a workspace was deleted with all its groups."""
        for group in self.of(workspace_id):
            del self._by_id[group.group_id]

    def _left(self, group_id: str, user_id: str) -> None:
        group = self._by_id[group_id]
        left = tuple(one for one in group.user_ids if one != user_id)
        self._by_id[group_id] = replace(group, user_ids=left)


def _gone(group_id: str, user_id: str) -> tuple[Write, Row]:
    return Write.GROUP_MEMBERSHIP_REMOVED, {"gone_group_id": group_id, "gone_user_id": user_id}
