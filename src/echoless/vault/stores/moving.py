"""Moving everything from a data directory with SQLite and files to PostgreSQL, S3 and a new data directory.

Sealed bytes move as they are; no key is needed and nothing is opened. How far it got is committed together with
each batch in the target, so a killed move goes on where it was. At its end all rows and objects are read back and
compared. The source is locked meanwhile, only read, and never changed. Until the move is done, no vault opens the
target.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.core.store_urls import StorePlaces
from echoless.vault.stores import schema
from echoless.vault.stores.directory import VERSION, DataDirectory, DirectoryLock, write_whole
from echoless.vault.stores.installation import settle_installation
from echoless.vault.stores.objects import FileObjects, Objects
from echoless.vault.stores.places import OpenedPlaces
from echoless.vault.stores.writer import Connections

T = TypeVar("T")
Note = Callable[[str, float], None]
"""Takes the name of a step and how far it is, 0 to 1."""
ROWS_A_STEP: Final = 200
OBJECTS_A_STEP: Final = 32
_SUM: Final = 1 << 256
_OWN: Final = sa.MetaData()
_PROGRESS: Final = sa.Table(
    "echoless_move",
    _OWN,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("cursor", sa.JSON, nullable=False),
    sa.Column("done_count", sa.BigInteger, nullable=False),
    sa.Column("is_done", sa.Boolean, nullable=False),
)
_OBJECTS: Final = "objects"


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and compared."""

    row_count: int
    object_count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a table holds: how many rows, and a checksum that does not depend on their order."""

    count: int
    checksum: int


class Mover:
    """Moves one data directory. `note` is called from another thread."""

    def __init__(self, source: DataDirectory, target: DataDirectory, places: StorePlaces, note: Note) -> None:
        self._source = source
        self._target = target
        self._places = places
        self._note = note

    async def run(self) -> Moved:
        """Move, or go on with a move that was killed.

        raises: EcholessError(DATA_DIRECTORY) where source or target cannot be used, or the copy is not the same
        """
        _check_source(self._source)
        self._target.make()
        locks = [DirectoryLock(self._source)]
        try:
            locks.append(DirectoryLock(self._target))
            self._begin()
            return await self._move()
        finally:
            for lock in locks:
                lock.release()

    def _begin(self) -> None:
        """Make the target ready to be moved to, or see that it is the one of this move."""
        mark = hashlib.sha256(b"move:" + (self._source.keys / "master.key").read_bytes()).hexdigest()
        moving = self._target.moving_file
        if not moving.exists():
            if self._target.version() or (self._target.keys / "master.key").exists():
                raise _refuse("the data directory to move to is not empty")
            write_whole(moving, mark.encode("ascii"))
        elif moving.read_text("ascii") != mark:
            raise _refuse("a move from another data directory was begun there")
        for path in sorted(self._source.keys.iterdir()):
            write_whole(self._target.keys / path.name, path.read_bytes())

    async def _move(self) -> Moved:
        installation = settle_installation(self._target, self._places, is_moving=True)
        opened = OpenedPlaces.begin(self._target, self._places, "power")
        engines = [_read_only(self._source.vault_database), _read_only(self._source.keys_database)]
        try:
            await opened.prepare(installation, MemoryJournal())
            vault, keys = await opened.connect(opened.write_thread, opened.writing)
            work = _Work(opened, FileObjects(self._source.objects, "process"), self._note)
            pairs = (
                _Pair(engines[0].connect(), vault, schema.VAULT), _Pair(engines[1].connect(), keys, schema.KEYS)
            )  # fmt: skip
            try:
                moved = await work.move(pairs)
            finally:
                await opened.do(Connections(vault, keys).close)
                for pair in pairs:
                    pair.source.close()
            self._finish()
            return moved
        finally:
            opened.close()
            for engine in engines:
                engine.dispose()

    def _finish(self) -> None:
        if self._source.ledger.exists():
            write_whole(self._target.ledger, self._source.ledger.read_bytes())
        self._target.moving_file.unlink()


@dataclass(frozen=True, slots=True)
class _Pair:
    """A database to move from and one to move to, with their tables."""

    source: sa.Connection
    target: sa.Connection
    data: sa.MetaData


class _Work:
    """The steps of a move, each a task of the target's writing thread."""

    def __init__(self, opened: OpenedPlaces, files: Objects, note: Note) -> None:
        self._opened = opened
        self._files = files
        self._objects = opened.segments.objects
        self._note = note

    async def move(self, pairs: tuple[_Pair, _Pair]) -> Moved:
        for pair in pairs:
            await self._opened.do(partial(_begin_progress, pair.target))
        tables = [(pair, table) for pair in pairs for table in pair.data.sorted_tables]
        for index, (pair, table) in enumerate(tables):
            while not await self._opened.do(partial(move_rows, pair, table)):
                pass
            self._note("rows", (index + 1) / len(tables))
        vault = pairs[0].target
        total = await self._opened.do(lambda: sum(1 for _ in self._files.paths()))
        left = (path for path, _size in self._files.paths())
        step = partial(move_objects, vault, left, self._files, self._objects)
        while (done := await self._opened.do(step)) is not None:
            self._note("objects", done / total)
        row_count = 0
        for index, (pair, table) in enumerate(tables):
            row_count += await self._opened.do(partial(compare_rows, pair, table))
            self._note("checking rows", (index + 1) / len(tables))
        await self._opened.do(partial(compare_objects, self._files, self._objects, total, self._note))
        for pair in pairs:
            await self._opened.do(partial(_end_progress, pair))
        return Moved(row_count, total)


def move_rows(pair: _Pair, table: sa.Table) -> bool:
    """Move the next rows of a table; true once there are no more."""
    target = pair.target
    with target.begin():
        found = target.execute(sa.select(_PROGRESS).where(_PROGRESS.c.name == table.name)).one_or_none()
        if found is not None and found.is_done:
            return True
        if found is None:
            # What the migrations put there is in the source too.
            target.execute(sa.delete(table))
        key = list(table.primary_key)
        statement = sa.select(table).order_by(*key).limit(ROWS_A_STEP)
        if found is not None:
            statement = statement.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(each) for each in found.cursor)))
        with pair.source.begin():
            rows = [dict(row) for row in pair.source.execute(statement).mappings()]
        if rows:
            target.execute(sa.insert(table), rows)
        is_done = len(rows) < ROWS_A_STEP
        cursor = [rows[-1][column.name] for column in key] if rows else []
        count = (found.done_count if found is not None else 0) + len(rows)
        _set_progress(target, table.name, cursor, count, is_done=is_done)
    return is_done


def move_objects(vault: sa.Connection, left: Iterator[str], files: Objects, objects: Objects) -> int | None:
    """Move the next objects; return how many are there by now, None once there are no more.

    left: paths in order, which this takes from; those that are there already are passed over
    """
    with vault.begin():
        found = vault.execute(sa.select(_PROGRESS).where(_PROGRESS.c.name == _OBJECTS)).one_or_none()
    last, count = (found.cursor[0], int(found.done_count)) if found is not None else ("", 0)
    batch = list(islice((path for path in left if path > last), OBJECTS_A_STEP))
    if not batch:
        return None
    for path in batch:
        objects.put(path, files.get(path))
    with vault.begin():
        _set_progress(vault, _OBJECTS, [batch[-1]], count + len(batch), is_done=False)
    return count + len(batch)


def summary_of(connection: sa.Connection, table: sa.Table) -> Summary:
    """Return how many rows a table holds, and their checksum."""
    count = checksum = 0
    with connection.begin():
        for row in _all_rows(connection, table):
            count += 1
            checksum += int.from_bytes(hashlib.sha256(msgspec.msgpack.encode(row)).digest(), "big")
    return Summary(count, checksum % _SUM)


def compare_rows(pair: _Pair, table: sa.Table) -> int:
    """Return how many rows both sides have.

    raises: EcholessError(DATA_DIRECTORY) where they are not the same
    """
    summary = summary_of(pair.source, table)
    if summary_of(pair.target, table) != summary:
        raise _refuse(f"the table {table.name} is not the same after its move")
    return summary.count


def compare_objects(files: Objects, objects: Objects, total: int, note: Note) -> None:
    """Read every object back.

    raises: EcholessError(DATA_DIRECTORY) where one is not the same, or there are others
    """
    is_same = sum(1 for _ in objects.paths()) == total
    for index, (path, _size) in enumerate(files.paths()):
        is_same = is_same and objects.get(path) == files.get(path)
        note("checking objects", (index + 1) / total)
    if not is_same:
        raise _refuse("the objects are not the same after their move")


def _all_rows(connection: sa.Connection, table: sa.Table) -> Iterator[list[Any]]:
    key = list(table.primary_key)
    place: list[Any] = []
    while True:
        statement = sa.select(table).order_by(*key).limit(ROWS_A_STEP)
        if place:
            statement = statement.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(each) for each in place)))
        rows = connection.execute(statement).mappings().all()
        yield from ([row[column.name] for column in table.columns] for row in rows)
        if len(rows) < ROWS_A_STEP:
            return
        place = [rows[-1][column.name] for column in key]


def _begin_progress(connection: sa.Connection) -> None:
    with connection.begin():
        _OWN.create_all(connection)


def _set_progress(connection: sa.Connection, name: str, cursor: list[Any], count: int, *, is_done: bool) -> None:
    connection.execute(sa.delete(_PROGRESS).where(_PROGRESS.c.name == name))
    row = {"name": name, "cursor": cursor, "done_count": count, "is_done": is_done}
    connection.execute(sa.insert(_PROGRESS), row)


def _end_progress(pair: _Pair) -> None:
    """Let counters go on where those of the source were, and forget how the move went."""
    with pair.target.begin():
        for table in pair.data.sorted_tables:
            column = table.autoincrement_column
            if column is not None:
                _set_counter(pair, table, column)
        _OWN.drop_all(pair.target)


def _set_counter(pair: _Pair, table: sa.Table, column: sa.Column[Any]) -> None:
    with pair.source.begin():
        highest = pair.source.execute(sa.select(sa.func.max(column))).scalar() or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            counted = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            highest = max(highest, pair.source.execute(counted, {"name": table.name}).scalar() or 0)
    if highest and pair.target.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        pair.target.execute(sa.select(sa.func.setval(sequence, highest)))


def _check_source(source: DataDirectory) -> None:
    found = source.version() if source.version_file.exists() else 0
    if found != VERSION or source.unfinished_file.exists():
        raise _refuse(
            f"the data directory to move from has version {found} and this program's is {VERSION}: start and stop "
            "a server of this program there once"
        )
    if source.installation_file.exists():
        raise _refuse("the data directory to move from has stores outside already")
    logs = [path.with_name(path.name + "-wal") for path in (source.vault_database, source.keys_database)]
    if any(log.exists() and log.stat().st_size for log in logs):
        raise _refuse(
            "the server of the data directory to move from runs, or was killed: stop it, or start and stop it once"
        )


def _read_only(path: Path) -> sa.Engine:
    """Return an engine that cannot change a file, and makes none beside it."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.NullPool, hide_parameters=True)


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.DATA_DIRECTORY, text)
