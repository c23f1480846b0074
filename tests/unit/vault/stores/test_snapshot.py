"""A copy of a database is whole and of one moment, while the writer goes on writing and deleting."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.crossing.control import StoreAccess
from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.snapshot import SQLiteSnapshots, is_sound
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.parametrize("stores", ["sqlite-files"], indirect=True)]
ROWS = 4000
MARK = "marked-for-deletion-"


async def fill(storage: Storage) -> None:
    rows = [(Write.FACT, {"name": f"fact-{number}", "value": "x" * 2000}) for number in range(ROWS)]
    await storage.writer.now(*rows, (Write.FACT, {"name": "doomed", "value": MARK * 50}))


def delete_doomed(connections: Connections) -> None:
    with connections.vault.begin():
        connections.vault.execute(sa.delete(schema.facts).where(schema.facts.c.name == "doomed"))
    truncate_log(connections.vault)


def rows_in(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        return dict(connection.execute("SELECT name, value FROM facts").fetchall())
    finally:
        connection.close()


@pytest.mark.anyio
async def test_commits_and_deletions_go_on_while_a_copy_is_made_and_are_in_it(
    storage: Storage, tmp_path: Path
) -> None:
    await fill(storage)
    snapshots = SQLiteSnapshots(storage.writer, storage.write_thread)
    target, fractions = tmp_path / "copy", list[float]()

    def note(fraction: float) -> None:
        fractions.append(fraction)
        # In the writer's thread: as slow as a big database, so that the commits come in between.
        time.sleep(0.01)

    copying = asyncio.create_task(snapshots.copy_vault(target, note))
    while not fractions and not copying.done():
        await asyncio.sleep(0)
    written_at = []
    for number in range(5):
        await storage.writer.now((Write.FACT, {"name": f"late-{number}", "value": "late"}))
        written_at.append(fractions[-1])
    await storage.writer.run(delete_doomed)
    written_at.append(fractions[-1])
    await copying
    found = rows_in(target)
    assert written_at[-1] < 1.0, "the copy was done before the commits: it is too small to prove anything"
    assert {f"late-{number}" for number in range(5)} <= found.keys()
    assert len([name for name in found if name.startswith("fact-")]) == ROWS
    assert "doomed" not in found
    assert MARK.encode() not in target.read_bytes(), "a deleted row is in the pages of the copy"
    assert is_sound(target)
    assert fractions == sorted(fractions), "the copy was begun anew"


@pytest.mark.anyio
async def test_the_keys_are_copied_by_themselves(storage: Storage, tmp_path: Path) -> None:
    row = {"item_id": "item", "workspace_id": "workspace", "wrapped": b"sealed"}
    await storage.writer.now((Write.ITEM_KEY, row))
    await SQLiteSnapshots(storage.writer, storage.write_thread).copy_keys(tmp_path / "copy", lambda _: None)
    connection = sqlite3.connect(tmp_path / "copy")
    assert connection.execute("SELECT item_id FROM item_keys").fetchall() == [("item",)]
    assert "history_items" not in {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()


@pytest.mark.anyio
async def test_a_copy_that_cannot_be_written_is_an_error_and_the_writer_lives_on(
    storage: Storage, tmp_path: Path
) -> None:
    snapshots = SQLiteSnapshots(storage.writer, storage.write_thread)
    with pytest.raises(EcholessError):
        await snapshots.copy_vault(tmp_path / "missing" / "copy", lambda _: None)
    await storage.writer.now((Write.FACT, {"name": "after", "value": "yes"}))


@pytest.mark.anyio
async def test_a_copy_stops_when_it_is_told_to(storage: Storage, tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(_fraction: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        await SQLiteSnapshots(storage.writer, storage.write_thread).copy_vault(tmp_path / "copy", stop)
    await storage.writer.now((Write.FACT, {"name": "after", "value": "yes"}))


def test_a_damaged_file_is_not_sound(stores: StoreAccess, tmp_path: Path) -> None:
    del stores
    (tmp_path / "file").write_bytes(b"no database" * 1000)
    assert not is_sound(tmp_path / "file")
