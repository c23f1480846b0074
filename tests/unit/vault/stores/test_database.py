"""SQLite keeps nothing of what was deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.vault.stores import database
from echoless.vault.stores.database import check_integrity, open_engine, truncate_log

pytestmark = pytest.mark.unit
CANARY = "canary-4f9b2c71"


def make(tmp_path: Path, durability: str = "process") -> sa.Connection:
    connection = open_engine(tmp_path / "x.sqlite", durability).connect()
    with connection.begin():
        connection.exec_driver_sql("CREATE TABLE t (a TEXT)")
    return connection


def insert_and_delete(connection: sa.Connection) -> None:
    with connection.begin():
        connection.exec_driver_sql("INSERT INTO t VALUES (?)", (CANARY * 40,))
    with connection.begin():
        connection.exec_driver_sql("DELETE FROM t")


def files_hold(tmp_path: Path) -> int:
    return sum(path.read_bytes().count(CANARY.encode()) for path in tmp_path.iterdir())


@pytest.mark.parametrize(("durability", "synchronous"), [("process", 1), ("power", 2)])
def test_the_connection_has_the_settings_that_the_promises_need(
    tmp_path: Path, durability: str, synchronous: int
) -> None:
    """C51, T12: set explicitly, since the defaults differ by build."""
    connection = make(tmp_path, durability)
    wanted = {
        "journal_mode": "wal",
        "secure_delete": 1,
        "temp_store": 2,
        "foreign_keys": 1,
        "synchronous": synchronous,
    }
    found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
    assert found == wanted
    connection.close()


@pytest.mark.claim("Z12")
def test_deleted_rows_are_in_no_file_after_the_log_is_truncated(tmp_path: Path) -> None:
    """C51, T12, with its control: before the truncation the log still has them."""
    connection = make(tmp_path)
    insert_and_delete(connection)
    assert files_hold(tmp_path) > 0
    truncate_log(connection)
    assert files_hold(tmp_path) == 0
    truncate_log(connection)
    connection.close()


def test_a_log_that_a_reader_holds_is_reported_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_CHECKPOINT_TRIES", 2)
    monkeypatch.setattr(database, "_CHECKPOINT_PAUSE_S", 0.0)
    monkeypatch.setattr(database, "_BUSY_MS", 1)
    connection = make(tmp_path)
    reader = open_engine(tmp_path / "x.sqlite", "process").connect()
    reader.exec_driver_sql("BEGIN")
    reader.exec_driver_sql("SELECT * FROM t").all()
    insert_and_delete(connection)
    with pytest.raises(EcholessError, match="truncated"):
        truncate_log(connection)
    reader.close()
    truncate_log(connection)
    connection.close()


def test_a_damaged_file_is_not_sound(tmp_path: Path) -> None:
    connection = make(tmp_path)
    with connection.begin():
        connection.exec_driver_sql("CREATE INDEX i ON t (a)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('a'), ('b')")
    assert check_integrity(connection)
    connection.commit()
    truncate_log(connection)
    connection.close()
    path = tmp_path / "x.sqlite"
    path.write_bytes(path.read_bytes()[:4096] + bytes(100) + path.read_bytes()[4196:])
    with open_engine(path, "process").connect() as damaged:
        assert not check_integrity(damaged)
