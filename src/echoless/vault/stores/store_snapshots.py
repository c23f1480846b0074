"""Copies of a vault's databases, wherever they are: each becomes a file of SQLite, so that there is one kind of
archive, and one way back.

PostgreSQL is read in one REPEATABLE READ transaction on a connection and a thread of its own, a few rows at a time.
It holds up nobody; only, rows that are deleted meanwhile can be cleared away there when it has ended.
source: PostgreSQL's documentation of transaction isolation, 13.2.2
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores import schema
from echoless.vault.stores.directory import make_private
from echoless.vault.stores.migration import make_tables
from echoless.vault.stores.serial_thread import SerialThread
from echoless.vault.stores.snapshot import Note, Snapshots, SQLiteSnapshots
from echoless.vault.stores.storage import Storage

_ROWS: Final = 500


class PostgreSQLSnapshots:
    """Exports databases of PostgreSQL."""

    def __init__(self, vault: sa.Engine, keys: sa.Engine) -> None:
        self._vault = vault
        self._keys = keys

    async def copy_vault(self, target: Path, note: Note) -> None:
        """Copy the main database."""
        await _apart(lambda: export(self._vault, schema.VAULT, "vault", target, note))

    async def copy_keys(self, target: Path, note: Note) -> None:
        """Copy the database of keys."""
        await _apart(lambda: export(self._keys, schema.KEYS, "keys", target, note))


class MixedSnapshots:
    """Copies each database in its own way."""

    def __init__(self, vault: Snapshots, keys: Snapshots) -> None:
        self.copy_vault = vault.copy_vault
        self.copy_keys = keys.copy_keys


def snapshots_of(storage: Storage) -> Snapshots:
    """Return what copies the databases of an open vault."""
    opened = storage.opened
    inside = SQLiteSnapshots(storage.writer, storage.write_thread)
    outside = PostgreSQLSnapshots(*opened.reading)
    return MixedSnapshots(
        inside if opened.places.database is None else outside, inside if opened.places.keys is None else outside
    )


def export(engine: sa.Engine, data: sa.MetaData, name: str, target: Path, note: Note) -> None:
    """Write all rows of a database into a new file, in a bridged thread.

    raises: sa.exc.SQLAlchemyError, OSError; EcholessError of `note`
    """
    make_private(target)
    make_tables(target, name)
    file = sa.create_engine(
        sa.URL.create("sqlite", database=str(target)), poolclass=sa.pool.NullPool, hide_parameters=True
    )
    try:
        with engine.connect() as connected, file.connect() as copy:
            source = connected.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with source.begin(), copy.begin():
                tables = data.sorted_tables
                counts = [source.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]
                done, total = 0, max(1, sum(counts))
                for table in tables:
                    for rows in _pages(source, table):
                        copy.execute(sa.insert(table), rows)
                        done += len(rows)
                        note(min(1.0, done / total))
    finally:
        file.dispose()


def _pages(source: sa.Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table, a few at a time, from a cursor of the server."""
    with source.execute(sa.select(table), execution_options={"yield_per": _ROWS}) as found:
        for page in found.mappings().partitions():
            yield [dict(row) for row in page]


async def _apart(work: Callable[[], None]) -> None:
    """Run an export in a thread of its own.

    raises: EcholessError(STORE_UNAVAILABLE) where the database fails, EcholessError(BACKUP) where the disk does
    """
    code = ErrorCode.STORE_UNAVAILABLE
    thread = SerialThread("vault-export", is_bridged=True)
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    except sa.exc.SQLAlchemyError:
        pass
    except OSError:
        code = ErrorCode.BACKUP
    finally:
        thread.shutdown(wait=False)
    raise EcholessError(code, "a database could not be exported")
