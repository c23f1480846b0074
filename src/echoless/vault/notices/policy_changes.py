"""Changes of retention policy, each with its notice to the administrators, committed together.

Nobody's retention becomes looser or stricter in silence, whoever changed it.
"""

from __future__ import annotations

from collections.abc import Callable

from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import Outbox, Recipient
from echoless.vault.notices.restrictions import ChangeWorkspace
from echoless.vault.stores.accounts import Accounts, Workspace


class PolicyChanges:
    """Changes policies and tells of it."""

    def __init__(self, accounts: Accounts, change: ChangeWorkspace, outbox: Outbox) -> None:
        self._accounts = accounts
        self._change = change
        self._outbox = outbox

    async def make(
        self, workspace_id: str, change: Callable[[Workspace], Workspace], actor_id: str, activity: str
    ) -> Workspace:
        """Change a policy and tell every administrator of the workspace; return the workspace as it is now.

        activity: what the trail and the notice call it
        raises:   what `change` raises; EcholessError(INTERNAL_ERROR) when it could not be written: nothing has
                  changed then
        """
        admins = [Recipient(admin.user_id) for admin in self._accounts.admins_of(workspace_id)]
        drafted = self._outbox.draft(workspace_id, NoticeKind.POLICY_CHANGED, admins, {"what": activity})
        after = await self._change(workspace_id, change, actor_id, activity, more=drafted.rows)
        self._outbox.wake()
        return after
