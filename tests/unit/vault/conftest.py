"""A vault in a directory of its own, with gateways over real socketpairs.

Whatever asks for a vault or its storage runs twice: with SQLite and files, and with PostgreSQL and S3.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.control import StoreAccess, VaultConfig
from echoless.vault.service.opening import open_vault, places_of
from echoless.vault.service.vault import Vault
from echoless.vault.stores.storage import Storage, open_storage
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.fakes.store_servers import Cluster, migrated_template, stores_on_servers


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """Return the name of a migrated database that each test gets a copy of."""
    return migrated_template(cluster)


@pytest.fixture(params=["sqlite-files", "postgresql-s3"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAccess:
    """Return where the stores of this test's vault are: empty ones, whose data directory is `tmp_path / "data"`."""
    if request.param == "sqlite-files":
        return StoreAccess()
    cluster, s3_server = request.getfixturevalue("cluster"), request.getfixturevalue("s3_server")
    return stores_on_servers(tmp_path / "data", cluster, s3_server, request.getfixturevalue("template"))


@pytest.fixture
def config(tmp_path: Path, stores: StoreAccess) -> VaultConfig:
    return config_for(tmp_path / "data", stores=stores)


@pytest.fixture
async def vault(config: VaultConfig, clock: TurnedClock, journal: MemoryJournal) -> AsyncIterator[Vault]:
    async with open_vault(config, clock, journal) as opened:
        yield opened


@pytest.fixture
async def gateway(vault: Vault) -> AsyncIterator[GatewayDouble]:
    async with GatewayDouble.connected(vault) as connected:
        yield connected


@pytest.fixture
async def storage(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, stores: StoreAccess
) -> AsyncIterator[Storage]:
    opened = await open_storage(tmp_path / "data", "process", clock, journal, places_of(stores))
    yield opened
    await opened.close()
