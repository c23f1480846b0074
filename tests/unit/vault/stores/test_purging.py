"""Taking everything of one workspace out of the stores."""

from __future__ import annotations

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.vault.service.opening import open_vault
from echoless.vault.stores import purging
from echoless.vault.stores.census import count_rows
from echoless.vault.stores.purging import (
    count_orphaned_objects,
    destroy_workspace_key,
    present_workspaces,
    purge_items,
    purge_rows,
)
from tests.fakes.gateway_double import GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_steps_are_bounded_and_end_with_nothing(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "ITEMS_A_STEP", 2)
    monkeypatch.setattr(purging, "ROWS_A_STEP", 3)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        storage, gone = vault._storage, next(iter(vault.administration.accounts.workspaces))
        other = await vault.operate(CreateWorkspace("other", "enterprise", True))
        assert isinstance(other, WorkspaceCreated)
        for number in range(5):
            await gateway.make(f"Number {number}.", b"sound" * 100)
        await storage.writer.flush()
        run, segments = storage.writer.run, storage.segments
        turns = []
        while count := await run(lambda stores: purge_items(stores, segments, gone)):
            turns.append(count)
        assert turns == [2, 2, 1]
        assert await run(lambda stores: count_orphaned_objects(stores.vault, segments)) == 0
        await run(lambda stores: destroy_workspace_key(stores, gone))
        while count := await run(lambda stores: purge_rows(stores, gone)):
            assert count <= 3
        left = await run(lambda stores: count_rows(stores.vault, stores.keys, gone))
        assert set(left.values()) == {0}
        both = [gone, other.workspace_id, "x" * 20]
        assert await run(lambda stores: present_workspaces(stores, both)) == {other.workspace_id}


async def test_an_object_without_a_row_is_counted(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        item_id = await gateway.make("Something.", b"sound" * 100)
        storage = vault._storage
        await storage.writer.run(lambda stores: purging.purge_items(stores, _Nothing(), _workspace(vault)))  # type: ignore[arg-type]  # as far as it asks
        count = await storage.writer.run(lambda stores: count_orphaned_objects(stores.vault, storage.segments))
        assert (count, len(item_id)) == (1, 20)


class _Nothing:
    """An object store that deletes nothing."""

    def delete_item(self, item_id: str) -> None:
        del item_id


def _workspace(vault: object) -> str:
    return next(iter(vault.administration.accounts.workspaces))  # type: ignore[attr-defined]  # a vault
