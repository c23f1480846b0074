"""A copy in a database has a table and a column, or the kind of page that still holds it (C21, T12)."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.database_scan import scan_databases
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=43).plain("it", 300, is_kept=False)


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    """A database in use, as the vault has it, but that it forgets nothing."""
    database = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, code TEXT, sealed BLOB)")
    database.execute("INSERT INTO log (code, sealed) VALUES ('nothing', x'00')")
    return database


def _found(tmp_path: Path, canary: Canary) -> set[str]:
    scan = scan_databases(tmp_path, text_needles([canary]))
    assert scan.unsearched == ()
    return {hit.where for hit in scan.hits}


def test_nothing_is_found_where_nothing_is(tmp_path: Path, canary: Canary, database: sqlite3.Connection) -> None:
    assert _found(tmp_path, canary) == set()
    assert scan_databases(tmp_path, text_needles([canary])).item_count > 5


def test_a_value_has_its_table_and_column(tmp_path: Path, canary: Canary, database: sqlite3.Connection) -> None:
    database.execute("UPDATE log SET code = ?", (f"a {canary.words[0]}",))
    assert _found(tmp_path, canary) == {
        "a.sqlite: table log, column code", "a.sqlite-wal: a frame of the write-ahead log",
    }  # fmt: skip


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_packed_values_are_unpacked(
    tmp_path: Path, canary: Canary, database: sqlite3.Connection, pack: type[zlib]
) -> None:
    database.execute("UPDATE log SET sealed = ?", (pack(canary.text.encode() * 3),))
    assert "a.sqlite: table log, column sealed, unpacked" in _found(tmp_path, canary)


def test_what_was_deleted_is_found_in_a_free_page(
    tmp_path: Path, canary: Canary, database: sqlite3.Connection
) -> None:
    database.execute("CREATE TABLE gone (value TEXT)")
    database.executemany("INSERT INTO gone VALUES (?)", [(canary.text,)] * 300)
    database.execute("DROP TABLE gone")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert _found(tmp_path, canary) == {"a.sqlite: a free page"}


def test_what_a_row_left_behind_is_found_in_its_page(
    tmp_path: Path, canary: Canary, database: sqlite3.Connection
) -> None:
    database.execute("UPDATE log SET code = ?", (canary.words[0],))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("UPDATE log SET code = 'nothing'")
    assert _found(tmp_path, canary) == {"a.sqlite: table log"}


def test_names_of_the_schema_are_searched(tmp_path: Path, canary: Canary, database: sqlite3.Connection) -> None:
    database.execute(f"CREATE TABLE {canary.words[0]} (a)")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "a.sqlite: schema" in _found(tmp_path, canary)


def test_a_broken_database_is_said_to_be_unsearched(
    tmp_path: Path, canary: Canary, database: sqlite3.Connection
) -> None:
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    path = tmp_path / "a.sqlite"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 4000)
    assert scan_databases(tmp_path, text_needles([canary])).unsearched == ("a.sqlite: DatabaseError",)


def test_no_database_is_said_and_not_taken_for_a_clean_one(tmp_path: Path, canary: Canary) -> None:
    scan = scan_databases(tmp_path, text_needles([canary]))
    assert (scan.item_count, scan.unsearched) == (0, ("databases: none lies in the data directory",))
