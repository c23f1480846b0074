"""Opening and closing everything at rest."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import VERSION, DataDirectory
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.storage import Storage, open_storage
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_directory_has_one_holder(storage: Storage, clock: TurnedClock, journal: MemoryJournal) -> None:
    with pytest.raises(EcholessError, match="another server or command"):
        await open_storage(storage.directory.root, "process", clock, journal)


async def test_closing_gives_everything_back(tmp_path: Path, clock: TurnedClock, journal: MemoryJournal) -> None:
    threads = threading.active_count()
    for _ in range(2):
        opened = await open_storage(tmp_path / "data", "power", clock, journal)
        await opened.close()
    assert threading.active_count() == threads


async def test_a_start_that_fails_gives_everything_back(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    opened = await open_storage(tmp_path / "data", "process", clock, journal)
    await opened.close()
    (tmp_path / "data" / "keys" / "master.key").unlink()
    threads = threading.active_count()
    for _ in range(2):
        with pytest.raises(EcholessError, match=r"master\.key"):
            await open_storage(tmp_path / "data", "process", clock, journal)
    assert threading.active_count() == threads


async def test_a_first_start_that_was_killed_in_its_migration_is_begun_anew(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    Keyring.open(directory)
    directory.vault_database.write_bytes(b"half a database")
    (directory.root / "migration-unfinished").touch()
    master = (directory.keys / "master.key").read_bytes()
    opened = await open_storage(directory.root, "process", clock, journal)
    await opened.close()
    assert directory.version() == VERSION
    assert (directory.keys / "master.key").read_bytes() == master


async def test_a_read_that_the_database_refuses_is_our_error(storage: Storage) -> None:
    with pytest.raises(EcholessError, match="could not read"):
        await storage.read(lambda reader: reader.vault.exec_driver_sql("NOT SQL"))
