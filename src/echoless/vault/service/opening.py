"""Opening a vault: for its process, and for commands while no server runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.core.store_urls import StorePlaces, parse_database_url, parse_objects_url
from echoless.crossing.control import StoreAccess, VaultConfig
from echoless.vault.service.ground import Ground
from echoless.vault.service.vault import Vault
from echoless.vault.stores.storage import open_storage


@asynccontextmanager
async def open_vault(config: VaultConfig, clock: Clock, journal: Journal) -> AsyncIterator[Vault]:
    """Open a data directory for as long as the block runs; used by commands without a server.

    raises: EcholessError(DATA_DIRECTORY) or EcholessError(CONFIGURATION) where it cannot be opened
    """
    vault = await start_vault(config, clock, journal, Ground.lay(config))
    try:
        yield vault
    finally:
        await vault.close()


async def start_vault(config: VaultConfig, clock: Clock, journal: Journal, ground: Ground) -> Vault:
    """Open a vault that its caller closes.

    ground: laid before any wall closed
    raises: as `open_vault`
    """
    places = places_of(config.stores)
    storage = await open_storage(Path(config.data_directory), config.durability, clock, journal, places)
    try:
        vault = Vault(storage, config, clock, journal, ground)
        await vault.open()
        return vault
    except BaseException:
        await storage.close()
        raise


def places_of(access: StoreAccess) -> StorePlaces:
    """Return where the stores are.

    raises: EcholessError(CONFIGURATION) for an address that cannot be meant
    """
    database, keys, objects = access.database_url, access.keys_url, access.objects_url
    return StorePlaces(
        parse_database_url(database, access.database_password, access.ca_path) if database else None,
        parse_database_url(keys, access.keys_password, access.ca_path) if keys else None,
        parse_objects_url(objects, access.objects_key_id, access.objects_secret) if objects else None,
    )
