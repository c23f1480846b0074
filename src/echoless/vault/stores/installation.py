"""Which data directory a database or a bucket belongs to, so that none is opened, swept or filled by another.

Where a store lies outside the data directory, the directory has a file that says which kinds of store it has and
the id of the installation; each outside store has the same id. The sweep of a start removes objects without a row:
in a bucket of somebody else that would be all of them.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import StorePlaces
from echoless.vault.stores.directory import DataDirectory, write_whole

_ID_BYTES: Final = 16
_OWN: Final = sa.MetaData()
_MARK: Final = sa.Table(
    "echoless_installation",
    _OWN,
    sa.Column("part", sa.String, primary_key=True),
    sa.Column("installation_id", sa.String, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation with its outside stores.

    kinds: `postgresql`, `s3` or `directory` for database, keys, objects
    """

    installation_id: str
    kinds: dict[str, str]


def kinds_of(places: StorePlaces) -> dict[str, str]:
    """Return which kind each store has."""
    return {
        "database": "postgresql" if places.database is not None else "directory",
        "keys": "postgresql" if places.keys is not None else "directory",
        "objects": "s3" if places.objects is not None else "directory",
    }


def settle_installation(directory: DataDirectory, places: StorePlaces, *, is_moving: bool = False) -> Installation:
    """Return the installation of a directory, made where directory and outside stores are both new.

    is_moving: for whoever moves everything here, and is not done
    raises:    EcholessError(DATA_DIRECTORY) where it has other kinds of stores than are configured
    """
    if directory.moving_file.exists() and not is_moving:
        raise EcholessError(
            ErrorCode.DATA_DIRECTORY,
            "a move into this data directory was not finished: run 'echoless migrate' again",
        )
    wanted = kinds_of(places)
    path = directory.installation_file
    found = _read(directory)
    if found is None and set(wanted.values()) == {"directory"}:
        return Installation("", wanted)
    if found is None and directory.version() == 0:
        found = Installation(secrets.token_hex(_ID_BYTES), wanted)
        write_whole(path, json.dumps({"id": found.installation_id, "kinds": found.kinds}).encode("ascii"))
    kinds = found.kinds if found is not None else kinds_of(StorePlaces())
    if found is None or kinds != wanted:
        words = ", ".join(f"{name} in {_WORDS[kinds[name]]}" for name in kinds if kinds[name] != wanted[name])
        raise EcholessError(
            ErrorCode.DATA_DIRECTORY,
            f"this data directory has its {words}, and the configuration says otherwise: set database_url, "
            "keys_url and objects_url as they were, or move with 'echoless migrate'",
        )
    return found


_WORDS: Final = {"directory": "itself", "postgresql": "PostgreSQL", "s3": "S3"}


def _read(directory: DataDirectory) -> Installation | None:
    try:
        values = json.loads(directory.installation_file.read_bytes())
        return Installation(str(values["id"]), dict(values["kinds"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        pass
    raise EcholessError(ErrorCode.DATA_DIRECTORY, "the file installation of the data directory is damaged")


def version_of_database(connection: sa.Connection, installation_id: str, part: str) -> int:
    """Return the version of an outside database, 0 for an empty one.

    raises: EcholessError(DATA_DIRECTORY) for one of another installation, and for one that holds something else
    """
    with connection.begin():
        names = set(sa.inspect(connection).get_table_names())
        row = None
        if _MARK.name in names:
            row = connection.execute(sa.select(_MARK).where(_MARK.c.part == part)).one_or_none()
    if row is None and names - {_MARK.name}:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, "the configured database is not empty and not ours")
    if row is not None and row.installation_id != installation_id:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, "the configured database belongs to another data directory")
    return 0 if row is None else int(row.version)


def mark_database(connection: sa.Connection, installation_id: str, part: str, version: int) -> None:
    """Write down whose an outside database is; in the transaction that the caller has open."""
    _OWN.create_all(connection)
    connection.execute(sa.delete(_MARK).where(_MARK.c.part == part))
    connection.execute(sa.insert(_MARK), {"part": part, "installation_id": installation_id, "version": version})
