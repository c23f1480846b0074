"""Changes are committed first, then in force, and on the trail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.retention.decision import RetentionMode
from echoless.vault.queries.administration import checked_scopes
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.accounts import Workspace
from echoless.vault.stores.numbers import read_audit
from tests.fakes.gateway_double import TurnedClock
from tests.unit.vault.stores.test_writer import break_store, mend_store

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def activities(vault: Vault, workspace_id: str) -> list[str]:
    rows = await vault._storage.read(lambda reader: read_audit(reader.vault, workspace_id, limit=50))
    return [row["activity"] for row in rows]


@pytest.mark.claim("Z13")
async def test_a_keys_secret_is_in_no_file(vault: Vault, config: VaultConfig) -> None:
    _, _, secret = await vault.administration.create_workspace("n", "pro", is_entitled=False)
    await vault._storage.writer.flush()
    files = [path for path in Path(config.data_directory).rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if secret.encode() in path.read_bytes()]


async def test_a_change_that_cannot_be_stored_is_not_in_force(vault: Vault) -> None:
    administration = vault.administration
    workspace = next(iter(administration.accounts.workspaces.values()))
    await vault._storage.writer.run(break_store)

    def enforced(before: Workspace) -> Workspace:
        return replace(before, is_enforced=True)

    with pytest.raises(EcholessError, match="could not write"):
        await administration.change_workspace(workspace.workspace_id, enforced, "k", "zero_retention.change")
    assert administration.accounts.workspaces[workspace.workspace_id] == workspace
    await vault._storage.writer.run(mend_store)
    await administration.change_workspace(workspace.workspace_id, enforced, "k", "zero_retention.change")
    changed = administration.accounts.workspaces[workspace.workspace_id]
    assert (changed.is_enforced, changed.policy_version) == (True, workspace.policy_version + 1)
    assert (await activities(vault, workspace.workspace_id))[0] == "zero_retention.change"


async def test_a_key_that_was_deleted_is_refused_even_where_the_deletion_could_not_be_stored(vault: Vault) -> None:
    accounts = vault.administration.accounts
    key = next(iter(accounts.keys.values()))
    await vault._storage.writer.run(break_store)
    with pytest.raises(EcholessError):
        await vault.administration.delete_key(key, "operator")
    assert key.key_id not in accounts.keys
    await vault._storage.writer.run(mend_store)


async def test_acts_are_on_the_trail_and_survive(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault:
        workspace, key, _ = await vault.administration.create_workspace("n", "enterprise", is_entitled=True)
        account = vault.administration.accounts.service_accounts[key.service_account_id]
        await vault.administration.create_key(account, "k2", key.key_id, scopes=[], retention=RetentionMode.ZERO)
        await vault.administration.delete_key(key, "operator")
    async with open_vault(config, clock, journal) as vault:
        assert await activities(vault, workspace.workspace_id) == ["key.delete", "key.create", "workspace.create"]
        assert key.key_id not in vault.administration.accounts.keys


async def test_only_an_enterprise_can_be_entitled(vault: Vault) -> None:
    with pytest.raises(EcholessError, match="enterprise"):
        await vault.administration.create_workspace("n", "pro", is_entitled=True)
    with pytest.raises(EcholessError, match="tier"):
        await vault.administration.create_workspace("n", "huge", is_entitled=False)


async def test_scopes_are_checked_and_none_means_all() -> None:
    assert checked_scopes(None) is None
    assert checked_scopes(["user_read", "user_read"]) == {"user_read"}
    with pytest.raises(EcholessError, match="unknown"):
        checked_scopes(["anything"])
