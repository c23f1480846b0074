"""Bringing the databases of a data directory to the version of this program.

Both are copied first. A migration that does not come to its end, killed or failed, is taken back at the next
start from the copies. The copies go with the first deletion or after a week: deleted content must not live on in
them. A directory of a newer program is refused, untouched.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.vault.stores.database import check_integrity, open_engine
from echoless.vault.stores.directory import VERSION, DataDirectory, sync_folder
from echoless.vault.stores.installation import mark_database, version_of_database

if TYPE_CHECKING:
    from alembic.runtime.migration import RevisionStep, StampStep

_STEPS: Final = Path(__file__).with_name("migrations")
COPIES_DAYS_MAX: Final = 7
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Steps:
    """Where the steps of both databases are, and which version of the directory they lead to."""

    version: int = VERSION
    folder: Path = _STEPS


@dataclass(frozen=True, slots=True)
class Outside:
    """The databases that do not lie in the directory, by name: `vault` and `keys`.

    A step there is one transaction with all that belongs to it, so nothing is copied first.
    """

    installation_id: str
    engines: Mapping[str, sa.Engine]

    def version_of(self, name: str) -> int:
        """Return the version of one of them, 0 for an empty one."""
        with self.engines[name].connect() as connection:
            return version_of_database(connection, self.installation_id, name)


NOTHING_OUTSIDE: Final = Outside("", {})


def bring_up_to_date(
    directory: DataDirectory, journal: Journal, steps: Steps | None = None, outside: Outside = NOTHING_OUTSIDE
) -> None:
    """Migrate where needed.

    outside: where it has any, call this in a bridged thread of the stores
    raises:  EcholessError(DATA_DIRECTORY) for a directory of a newer program or one that a step cannot change
    """
    wanted = steps or Steps()
    make_readable(directory, wanted.version)
    found = directory.version()
    moved = [name for name in outside.engines if _bring_outside(outside, name, wanted)]
    if moved or found != wanted.version:
        _bring_inside(directory, wanted, outside)
        journal.say(Event.MIGRATED, from_version=found, to_version=wanted.version)


def _bring_inside(directory: DataDirectory, wanted: Steps, outside: Outside) -> None:
    if directory.version():
        _copy(directory)
    directory.unfinished_file.touch(mode=0o600)
    for name, path in _databases(directory).items():
        if name not in outside.engines:
            _migrate(path, wanted.folder / name)
    directory.set_version(wanted.version)
    directory.unfinished_file.unlink()


def _bring_outside(outside: Outside, name: str, wanted: Steps) -> bool:
    """Migrate one database that lies outside, and say whether there was anything to do."""
    found = outside.version_of(name)
    if found > wanted.version:
        raise _newer(found, wanted.version)
    if found == wanted.version:
        return False
    with outside.engines[name].connect() as connection, connection.begin():
        _run_steps(connection, wanted.folder / name)
        mark_database(connection, outside.installation_id, name, wanted.version)
    return True


def make_readable(directory: DataDirectory, known_version: int = VERSION) -> None:
    """Take an unfinished migration back, and see that this program can read the directory.

    raises: EcholessError(DATA_DIRECTORY) for one of a newer program
    """
    _take_back_unfinished(directory)
    found = directory.version()
    if found > known_version:
        raise _newer(found, known_version)


def _newer(found: int, known_version: int) -> EcholessError:
    return EcholessError(
        ErrorCode.DATA_DIRECTORY,
        f"the data directory has version {found}, this program knows versions up to {known_version}: "
        "start it with the program that made it, or a newer one",
    )


def drop_copies(directory: DataDirectory) -> None:
    """Overwrite and remove the copies, if there are any."""
    if not directory.copies.exists():
        return
    for path in sorted(directory.copies.iterdir()):
        with path.open("r+b", buffering=0) as file:
            file.write(bytes(path.stat().st_size))
            os.fsync(file.fileno())
        path.unlink()
    directory.copies.rmdir()
    sync_folder(directory.root)


def drop_old_copies(directory: DataDirectory, clock: Clock) -> None:
    """Remove copies older than a week."""
    if directory.copies.exists():
        age_s = clock.unix_ms() // 1000 - directory.copies.stat().st_mtime
        if age_s > COPIES_DAYS_MAX * _DAY_S:
            drop_copies(directory)


def _databases(directory: DataDirectory) -> dict[str, Path]:
    return {"vault": directory.vault_database, "keys": directory.keys_database}


def _copy(directory: DataDirectory) -> None:
    drop_copies(directory)
    directory.copies.mkdir(mode=0o700)
    for path in _databases(directory).values():
        if not path.exists():
            continue
        source, target = sqlite3.connect(path), sqlite3.connect(directory.copies / path.name)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()
        (directory.copies / path.name).chmod(0o600)
    sync_folder(directory.copies)


def _take_back_unfinished(directory: DataDirectory) -> None:
    """Put the copies back where a migration was begun and not ended."""
    if not directory.unfinished_file.exists():
        return
    for path in _databases(directory).values():
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        copied = directory.copies / path.name
        if copied.exists():
            path.write_bytes(copied.read_bytes())
            path.chmod(0o600)
    directory.unfinished_file.unlink()


def make_tables(path: Path, name: str) -> None:
    """Make an empty SQLite database of the newest version.

    name: `vault` or `keys`
    """
    _migrate(path, _STEPS / name)


def _migrate(path: Path, folder: Path) -> None:
    """Run the steps of one file and look whether it is sound."""
    engine = open_engine(path, "power")
    try:
        with engine.connect() as connection:
            _run_steps(connection, folder)
            connection.commit()
            if not check_integrity(connection):
                raise EcholessError(ErrorCode.DATA_DIRECTORY, "a database is damaged after its migration")
    finally:
        engine.dispose()
    path.chmod(0o600)


def _run_steps(connection: sa.Connection, folder: Path) -> None:
    # Loaded only where there is something to migrate: a usual start is faster and smaller without it.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(folder))
    script = ScriptDirectory.from_config(config)

    def upgrade(revision: object, _context: object) -> list[StampStep | RevisionStep]:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type,return-value]  # alembic's own way

    with EnvironmentContext(config, script, fn=upgrade, destination_rev="head") as environment:
        environment.configure(connection=connection)
        with environment.begin_transaction():
            environment.run_migrations()
