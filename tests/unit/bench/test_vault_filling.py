"""A directory that is filled in bulk opens, and has what it should."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.bench.vault_filling import Filling, fill
from echoless.core.journal import MemoryJournal
from echoless.crossing.account_records import Census, TakeCensus
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_rows_keys_and_objects_fit_each_other(tmp_path: Path) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, TurnedClock(), MemoryJournal()) as vault:
        first = next(iter(vault.administration.accounts.workspaces))
        made = await vault.operate(CreateWorkspace("doomed", "enterprise", True))
        assert isinstance(made, WorkspaceCreated)
    fill(tmp_path / "data", first, made.workspace_id, Filling(key_count=20, item_count=30, doomed_count=10))
    async with (
        open_vault(config, TurnedClock(), MemoryJournal()) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        census = await vault.operate(TakeCensus(first))
        doomed = await vault.operate(TakeCensus(made.workspace_id))
        assert isinstance(census, Census)
        assert isinstance(doomed, Census)
        assert (census.rows["history_items"], census.rows["item_keys"], census.rows["api_keys"]) == (30, 30, 21)
        assert (doomed.rows["history_items"], doomed.orphan_count) == (10, 0)
        assert await gateway.make("And it goes on.")
    assert sum(path.is_file() for path in (tmp_path / "data" / "objects").rglob("*")) >= 10


async def test_ids_are_not_in_order(tmp_path: Path) -> None:
    """As real ones are: an index that is filled in order would be measured too well."""
    config = config_for(tmp_path / "data")
    async with open_vault(config, TurnedClock(), MemoryJournal()) as vault:
        first = next(iter(vault.administration.accounts.workspaces))
    fill(tmp_path / "data", first, "d" * 20, Filling(1, 50, 0))
    connection = sqlite3.connect(tmp_path / "data" / "vault.sqlite")
    ids = [row[0] for row in connection.execute("SELECT item_id FROM history_items ORDER BY sequence")]
    connection.close()
    assert ids != sorted(ids)
    assert {len(item_id) for item_id in ids} == {20}
