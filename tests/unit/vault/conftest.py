"""A vault in a directory of its own, with gateways over real socketpairs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.storage import Storage, open_storage
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def config(tmp_path: Path) -> VaultConfig:
    return config_for(tmp_path / "data")


@pytest.fixture
async def vault(config: VaultConfig, clock: TurnedClock, journal: MemoryJournal) -> AsyncIterator[Vault]:
    async with open_vault(config, clock, journal) as opened:
        yield opened


@pytest.fixture
async def gateway(vault: Vault) -> AsyncIterator[GatewayDouble]:
    async with GatewayDouble.connected(vault) as connected:
        yield connected


@pytest.fixture
async def storage(tmp_path: Path, clock: TurnedClock, journal: MemoryJournal) -> AsyncIterator[Storage]:
    opened = await open_storage(tmp_path / "data", "process", clock, journal)
    yield opened
    await opened.close()
