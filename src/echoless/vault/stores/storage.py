"""Everything at rest, opened together and closed together.

Two threads touch the disk: one writes, one reads; the loop never does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.database import open_engine
from echoless.vault.stores.directory import DataDirectory, DirectoryLock
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.ledger import Ledger
from echoless.vault.stores.migration import bring_up_to_date, drop_old_copies, make_readable
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
    read_thread: ThreadPoolExecutor
    engines: tuple[sa.Engine, sa.Engine]

    async def read(self, step: Callable[[HistoryReader], T]) -> T:
        """Run a reading step in the reader's thread.

        raises: EcholessError(INTERNAL_ERROR) when the database or the object store refuses
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self.read_thread, step, self.reader)
        except (sa.exc.SQLAlchemyError, OSError):
            pass
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the vault could not read")

    async def close(self) -> None:
        """Write what is left and close everything."""
        await self.writer.stop()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.read_thread, self.reader.close)
        await self.writer.run(Connections.close)
        self.read_thread.shutdown()
        self.write_thread.shutdown()
        for engine in self.engines:
            engine.dispose()
        self.lock.release()


async def open_storage(path: Path, durability: str, clock: Clock, journal: Journal) -> Storage:
    """Open a data directory: make it, lock it, migrate it, load what tickets need.

    durability: `process` or `power`
    raises:     EcholessError(DATA_DIRECTORY) where it cannot be used, with the reason
    """
    directory = DataDirectory(path)
    directory.make()
    lock = DirectoryLock(directory)
    try:
        make_readable(directory)
        keyring = Keyring.open(directory)
        bring_up_to_date(directory, journal)
        drop_old_copies(directory, clock)
        return await _open_parts(directory, lock, keyring, durability, clock)
    except BaseException:
        lock.release()
        raise


async def _open_parts(
    directory: DataDirectory, lock: DirectoryLock, keyring: Keyring, durability: str, clock: Clock
) -> Storage:
    engines = (
        open_engine(directory.vault_database, durability),
        open_engine(directory.keys_database, durability),
    )
    segments = Segments(directory, durability)
    ledger = Ledger(directory)
    accounts = Accounts(clock)
    write_thread = SerialThread("vault-writer")
    read_thread = ThreadPoolExecutor(1, "vault-reader")
    loop = asyncio.get_running_loop()

    def connect() -> tuple[sa.Connection, sa.Connection]:
        return engines[0].connect(), engines[1].connect()

    connections = Connections(*await loop.run_in_executor(write_thread, connect))
    reader = HistoryReader(*await loop.run_in_executor(read_thread, connect), keyring, segments)

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
        write_thread.shutdown()
        read_thread.shutdown()
        raise
    writer = Writer(connections, keyring, segments, write_thread)
    writer.start()
    return Storage(
        directory=directory, lock=lock, keyring=keyring, segments=segments, ledger=ledger,
        accounts=accounts, writer=writer, reader=reader, first_key_digest=first_key_digest,
        first_key_hint=first_key_hint, write_thread=write_thread, read_thread=read_thread, engines=engines,
    )  # fmt: skip
