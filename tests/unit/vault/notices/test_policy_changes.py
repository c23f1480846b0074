"""Changes of policy, each with its notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.notices.policy_changes import PolicyChanges
from echoless.vault.service.vault import Vault
from echoless.vault.stores.accounts import Workspace
from echoless.vault.stores.notices import NoticeFilter, list_notices

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def told(vault: Vault, workspace_id: str) -> list[object]:
    wanted = NoticeFilter(workspace_id, is_shown_only=True)
    notices = await vault._storage.read(lambda reader: list_notices(reader, wanted, count_max=9))
    return [notice.facts["what"] for notice in notices]


async def test_a_change_and_its_notice_are_there_together_or_not_at_all(vault: Vault) -> None:
    """T33."""
    accounts = vault.administration.accounts
    (workspace_id,) = accounts.workspaces
    changes = PolicyChanges(accounts, vault.administration.change_workspace, vault.outbox)
    after = await changes.make(workspace_id, lambda before: replace(before, is_enforced=True), "me", "some.change")
    assert after.is_enforced
    assert await told(vault, workspace_id) == ["some.change"]

    def refuse(_before: Workspace) -> Workspace:
        raise EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, "No.")

    with pytest.raises(EcholessError):
        await changes.make(workspace_id, refuse, "me", "no.change")
    assert await told(vault, workspace_id) == ["some.change"]
    assert accounts.workspaces[workspace_id] == after
