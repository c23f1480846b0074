"""Opening a vault: for its process, and for commands while no server runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.control import VaultConfig
from echoless.vault.service.vault import Vault
from echoless.vault.stores.storage import open_storage


@asynccontextmanager
async def open_vault(config: VaultConfig, clock: Clock, journal: Journal) -> AsyncIterator[Vault]:
    """Open a data directory for as long as the block runs; used by the process and by commands without a server.

    raises: EcholessError(DATA_DIRECTORY) or EcholessError(CONFIGURATION) where it cannot be opened
    """
    vault = await start_vault(config, clock, journal)
    try:
        yield vault
    finally:
        await vault.close()


async def start_vault(config: VaultConfig, clock: Clock, journal: Journal) -> Vault:
    """Open a vault that its caller closes.

    raises: as `open_vault`
    """
    storage = await open_storage(Path(config.data_directory), config.durability, clock, journal)
    try:
        vault = Vault(storage, config, clock, journal)
        await vault.open()
        return vault
    except BaseException:
        await storage.close()
        raise
