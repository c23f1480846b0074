"""A copy of a database as it is at one moment, made while it is written to.

SQLite's backup API, on the writer's own connection and in its thread: what that connection writes meanwhile goes
into the copy too, so the copy is whole at its end and never has to begin anew. After each few pages the thread does
what waits. No lock is held between two steps, so deletions take their bytes out of the log as always.
source: SQLite's documentation of sqlite3_backup_step, "if the source is modified using the same connection"
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import make_private
from echoless.vault.stores.serial_thread import SerialThread
from echoless.vault.stores.writer import Writer

_PAGES_A_STEP: Final = 128
"""Half a megabyte: under a millisecond from memory."""

Note = Callable[[float], None]
"""Takes how far a copy is, 0 to 1; raises to stop it."""


class Snapshots(Protocol):
    """Copies the two databases of a vault into files of SQLite, wherever they are."""

    async def copy_vault(self, target: Path, note: Note) -> None:
        """Copy the main database.

        raises: EcholessError(BACKUP) where the copy cannot be made, EcholessError(STORE_UNAVAILABLE) where the
                database does not answer
        """
        ...

    async def copy_keys(self, target: Path, note: Note) -> None:
        """Copy the database of keys; otherwise as `copy_vault`."""
        ...


class SQLiteSnapshots:
    """Copies files of SQLite."""

    def __init__(self, writer: Writer, thread: SerialThread) -> None:
        self._writer = writer
        self._thread = thread

    async def copy_vault(self, target: Path, note: Note) -> None:
        """Copy the main database."""
        await self._writer.run(lambda connections: self._copy(connections.vault, target, note))

    async def copy_keys(self, target: Path, note: Note) -> None:
        """Copy the database of keys."""
        await self._writer.run(lambda connections: self._copy(connections.keys, target, note))

    def _copy(self, source: sa.Connection, target: Path, note: Note) -> None:
        make_private(target)
        driver = source.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection), "the database is SQLite"

        def step(_status: int, remaining: int, total: int) -> None:
            self._thread.make_way()
            note(1 - remaining / total if total else 1.0)

        error_number: str | None = None
        copy = sqlite3.connect(target)
        try:
            # Nothing of a copy that was not finished is ever used, so nothing is synced on the way.
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")
            driver.backup(copy, pages=_PAGES_A_STEP, progress=step, sleep=0.0)
        except sqlite3.Error as error:
            error_number = error.sqlite_errorname
        finally:
            copy.close()
        if error_number is not None:
            raise EcholessError(ErrorCode.BACKUP, f"the copy of a database failed ({error_number})")


def is_sound(path: Path) -> bool:
    """Return whether SQLite finds a copied file sound."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
        finally:
            connection.close()
    except sqlite3.Error:
        return False
