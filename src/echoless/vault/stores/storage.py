"""Everything at rest, opened together and closed together.

Two threads touch the disk: one writes, one reads; the loop never does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.core.store_urls import IN_DIRECTORY, StorePlaces
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.directory import DataDirectory, DirectoryLock, remove_copies
from echoless.vault.stores.erasing import take_back
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.installation import settle_installation
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.ledger import Ledger
from echoless.vault.stores.migration import drop_old_copies, make_readable
from echoless.vault.stores.places import OpenedPlaces
from echoless.vault.stores.replacing import finish_restore
from echoless.vault.stores.rows import load_accounts, read_fact
from echoless.vault.stores.segments import Segments
from echoless.vault.stores.serial_thread import SerialThread
from echoless.vault.stores.writer import Connections, Writer

T = TypeVar("T")


@dataclass(slots=True)
class Storage:
    """The opened stores.

    first_key_digest: hexadecimal digest of the first key, or None in a new directory
    """

    directory: DataDirectory
    lock: DirectoryLock
    keyring: Keyring
    segments: Segments
    ledger: Ledger
    accounts: Accounts
    writer: Writer
    reader: HistoryReader
    first_key_digest: str | None
    first_key_hint: str | None
    write_thread: SerialThread
    read_thread: SerialThread
    opened: OpenedPlaces

    @property
    def engines(self) -> OpenedPlaces:
        """The engines, for whoever needs a connection of its own."""
        return self.opened

    async def read(self, step: Callable[[HistoryReader], T]) -> T:
        """Run a reading step in the reader's thread.

        raises: EcholessError(STORE_UNAVAILABLE) when the database or the object store refuses
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self.read_thread, step, self.reader)
        except (sa.exc.SQLAlchemyError, OSError):
            pass
        raise EcholessError(ErrorCode.STORE_UNAVAILABLE, "the vault could not read")

    async def close(self) -> None:
        """Write what is left and close everything."""
        await self.writer.stop()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.read_thread, self.reader.close)
        await self.writer.run(Connections.close)
        self.opened.close()
        self.lock.release()


async def open_storage(
    path: Path, durability: str, clock: Clock, journal: Journal, places: StorePlaces = IN_DIRECTORY
) -> Storage:
    """Open a data directory: make it, lock it, migrate it, load what tickets need.

    durability: `process` or `power`
    places:     which of its stores lie outside
    raises:     EcholessError(DATA_DIRECTORY) where it cannot be used, with the reason
    """
    directory = DataDirectory(path)
    directory.make()
    lock = DirectoryLock(directory)
    try:
        finish_restore(directory)
        remove_copies(directory.backup_staging)
        make_readable(directory)
        keyring = Keyring.open(directory)
        installation = settle_installation(directory, places)
        opened = OpenedPlaces.begin(directory, places, durability)
        try:
            await opened.prepare(installation, journal)
            drop_old_copies(directory, clock)
            return await _open_parts(directory, lock, keyring, opened, clock)
        except BaseException:
            opened.close()
            raise
    except BaseException:
        lock.release()
        raise


async def _open_parts(
    directory: DataDirectory, lock: DirectoryLock, keyring: Keyring, opened: OpenedPlaces, clock: Clock
) -> Storage:
    segments, write_thread, read_thread = opened.segments, opened.write_thread, opened.read_thread
    ledger = Ledger(directory)
    accounts = Accounts(clock)
    loop = asyncio.get_running_loop()
    connections = Connections(*await opened.connect(write_thread, opened.writing))
    reader = HistoryReader(*await opened.connect(read_thread, opened.reading), keyring, segments)

    def load() -> tuple[str | None, str | None]:
        vault = connections.vault
        with vault.begin(), connections.keys.begin():
            gone = frozenset(workspace_id for batch in ledger.workspaces() for workspace_id in batch)
            load_accounts(accounts, vault, connections.keys, keyring, gone)
            return read_fact(vault, "first_key_digest"), read_fact(vault, "first_key_hint")

    try:
        first_key_digest, first_key_hint = await loop.run_in_executor(write_thread, load)
    except BaseException:
        await loop.run_in_executor(read_thread, reader.close)
        await loop.run_in_executor(write_thread, connections.close)
        raise
    writer = Writer(connections, keyring, segments, write_thread, take_back)
    writer.start()
    return Storage(
        directory=directory, lock=lock, keyring=keyring, segments=segments, ledger=ledger,
        accounts=accounts, writer=writer, reader=reader, first_key_digest=first_key_digest,
        first_key_hint=first_key_hint, write_thread=write_thread, read_thread=read_thread, opened=opened,
    )  # fmt: skip
