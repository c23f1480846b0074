"""Restricting zero retention of a workspace, and lifting that: by hand or because the account was flagged.

From the commit on, its zero-retention requests are refused; none is run with retention instead. The notice to every
administrator is committed in the same transaction, so that nobody is restricted in silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, Protocol

from echoless.core.clock import Clock
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import DraftedNotice, Outbox, Recipient
from echoless.vault.notices.standings import Standings
from echoless.vault.stores.accounts import Accounts, Workspace
from echoless.vault.stores.notices import Facts, StoredNotice
from echoless.vault.stores.writing import Row, Write

MODERATION: Final = "moderation"
"""The actor of what the automatic check does."""


class RestrictionReason(StrEnum):
    """Why zero retention was taken away, in the wire contract's words."""

    HIGH_RISK = "high_risk"
    FLAGGED = "flagged"
    DISCRETION = "discretion"


class ChangeWorkspace(Protocol):
    """Whoever changes workspaces, one change at a time."""

    async def __call__(
        self,
        workspace_id: str,
        change: Callable[[Workspace], Workspace],
        actor_id: str,
        activity: str,
        *,
        more: Sequence[tuple[Write, Row]] = (),
        is_policy: bool = True,
    ) -> Workspace:
        """Change a workspace.

        more:      rows to be written in the same transaction
        is_policy: whether the change is one of policy, which has its own version and its place on the trail
        """
        ...


class Restrictions:
    """Restricts and lifts."""

    def __init__(
        self, accounts: Accounts, change: ChangeWorkspace, outbox: Outbox, standings: Standings, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._standings = standings
        self._change = change
        self._outbox = outbox
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def restrict(self, workspace_id: str, reason: RestrictionReason, actor_id: str) -> bool:
        """Take zero retention from a workspace and tell its administrators.

        returns: False where it was restricted for this reason already, or is flagged while it is restricted for
                 another; nobody is told twice
        raises:  EcholessError(INTERNAL_ERROR) when it could not be written; nothing has changed then
        """
        is_flag = reason is RestrictionReason.FLAGGED
        async with self._one_at_a_time:
            before = self._accounts.workspaces.get(workspace_id)
            if before is None or (before.is_restricted and (is_flag or before.restriction_reason == reason.value)):
                return False
            since_unix = self._clock.unix_ms() // 1000

            def change(workspace: Workspace) -> Workspace:
                return replace(
                    workspace, is_restricted=True, restriction_reason=reason.value,
                    restricted_since_unix=since_unix, notified_at_unix=0,
                )  # fmt: skip

            facts = {"reason": reason.value, "since_unix": since_unix}
            drafted = self._drafted(workspace_id, NoticeKind.RESTRICTED, facts)
            standing = self._standings.flagged(workspace_id)
            await self._change(
                workspace_id, change, actor_id, "zero_retention.restrict", more=(*drafted.rows, standing)
            )
            self._standings.accept(standing)
        self._outbox.wake()
        return True

    async def lift(self, workspace_id: str, actor_id: str) -> bool:
        """Give zero retention back and tell the administrators; False where nothing was restricted.

        What was found before counts no more.
        raises: as `restrict`
        """
        async with self._one_at_a_time:
            before = self._accounts.workspaces.get(workspace_id)
            if before is None or not before.is_restricted:
                return False

            def change(workspace: Workspace) -> Workspace:
                return replace(
                    workspace, is_restricted=False, restriction_reason="", restricted_since_unix=0,
                    notified_at_unix=0,
                )  # fmt: skip

            drafted = self._drafted(workspace_id, NoticeKind.LIFTED, {"reason": before.restriction_reason})
            standing = self._standings.renewed(workspace_id)
            await self._change(
                workspace_id, change, actor_id, "zero_retention.lift", more=(*drafted.rows, standing)
            )
            self._standings.accept(standing)
        self._outbox.wake()
        return True

    async def note_delivered(self, notice: StoredNotice) -> None:
        """Take note that somebody has been told of a restriction that still stands."""
        workspace = self._accounts.workspaces.get(notice.workspace_id)
        is_about_this = notice.kind == NoticeKind.RESTRICTED.value and workspace is not None
        if not is_about_this or workspace is None or workspace.notified_at_unix:
            return
        if workspace.restricted_since_unix != notice.facts.get("since_unix"):
            return
        now_unix = self._clock.unix_ms() // 1000

        def change(before: Workspace) -> Workspace:
            return replace(before, notified_at_unix=now_unix) if before.is_restricted else before

        await self._change(notice.workspace_id, change, MODERATION, "", is_policy=False)

    def _drafted(self, workspace_id: str, kind: NoticeKind, facts: Facts) -> DraftedNotice:
        admins = [Recipient(admin.user_id) for admin in self._accounts.admins_of(workspace_id)]
        return self._outbox.draft(workspace_id, kind, admins, facts)
