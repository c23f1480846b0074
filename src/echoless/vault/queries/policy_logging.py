"""(queries) What the transparency log is told of a change of policy: rows that are committed together with it.

What somebody is called who changed it stays on the trail; here is only of which kind they are.
"""

from __future__ import annotations

from collections.abc import Mapping

from echoless.core.clock import Clock
from echoless.core.ids import new_opaque_id
from echoless.receipts.changes import Actor, PolicyStatement, Value, differences
from echoless.receipts.entries import EntryKind
from echoless.receipts.receipt import to_minute
from echoless.retention.decision import RetentionMode
from echoless.vault.notices.restrictions import MODERATION
from echoless.vault.stores.accounts import Accounts, ApiKey, Workspace
from echoless.vault.stores.logged_statements import statement_row
from echoless.vault.stores.policies import hash_of, logged_floor, logged_members
from echoless.vault.stores.trail import OPERATOR
from echoless.vault.stores.writing import Row, Write

_NO_FLOOR: Mapping[str, Value] = {"retention": RetentionMode.DEFAULT.value}


class PolicyLogging:
    """Says what of a change is policy."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def of_workspace(
        self, before: Workspace | None, after: Workspace, actor_id: str, activity: str
    ) -> list[tuple[Write, Row]]:
        """Return the row of a change of a workspace; none where its policy stays as it was.

        before: None for a new one
        """
        older = None if before is None else logged_members(before)
        changed = differences(older, logged_members(after))
        return self._rows(after, after.workspace_id, actor_id, activity, changed)

    def of_key(
        self, workspace: Workspace, before: ApiKey | None, after: ApiKey, actor_id: str, activity: str
    ) -> list[tuple[Write, Row]]:
        """Return the row of a change of a key's floor; none where it stays, and for a new key without one."""
        older = _NO_FLOOR if before is None else logged_floor(before)
        return self._rows(workspace, after.key_id, actor_id, activity, differences(older, logged_floor(after)))

    def _rows(
        self, workspace: Workspace, subject_id: str, actor_id: str, activity: str,
        changed: dict[str, tuple[Value, Value]],
    ) -> list[tuple[Write, Row]]:  # fmt: skip
        if not changed:
            return []
        statement = PolicyStatement(
            change_id=new_opaque_id(), workspace_id=workspace.workspace_id, subject_id=subject_id,
            actor=self._actor_of(actor_id), activity=activity,
            minute_unix=to_minute(self._clock.unix_ms() // 1000), policy_version=workspace.policy_version,
            policy_hash=hash_of(workspace), changed=changed,
        )  # fmt: skip
        return [statement_row(EntryKind.POLICY, statement.change_id, statement.text(), workspace.workspace_id)]

    def _actor_of(self, actor_id: str) -> Actor:
        if actor_id == OPERATOR:
            return Actor.OPERATOR
        if actor_id == MODERATION:
            return Actor.MODERATION
        return Actor.MEMBER if actor_id in self._accounts.members else Actor.KEY
