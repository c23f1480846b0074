"""Every page is told by what it belongs to, as SQLite itself says (T12)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from echoless.audit.search.database_pages import FREE, UNREACHED, Page, frames_of, page_bytes, pages_of

pytestmark = pytest.mark.unit
ROWS = 600


def _made(path: Path, *, page: int = 1024) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA page_size = {page}")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, value TEXT)")
    database.execute("CREATE TABLE gone (id INTEGER PRIMARY KEY, value TEXT)")
    database.execute("CREATE INDEX by_value ON kept (value)")
    for table in ("kept", "gone"):
        rows = [(f"{table} {number} " + "x" * 50,) for number in range(ROWS)]
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO {table} (value) VALUES (?)", rows)
        database.execute("COMMIT")
    database.execute("INSERT INTO kept (value) VALUES (?)", ("long " * 2_000,))
    database.execute("DROP TABLE gone")
    return database


def _roots(database: sqlite3.Connection) -> dict[int, str]:
    return {root: f"{kind} {name}" for kind, name, root in database.execute(
        "SELECT type, name, rootpage FROM sqlite_schema"
    )}  # fmt: skip


def _pages(path: Path, roots: dict[int, str]) -> list[Page]:
    return list(pages_of(path.read_bytes(), roots))


@pytest.mark.parametrize("page", [1024, 65_536])
def test_each_page_has_its_owner(tmp_path: Path, page: int) -> None:
    database = _made(tmp_path / "a", page=page)
    pages = _pages(tmp_path / "a", _roots(database))
    counts = Counter(page.what for page in pages)
    assert len(pages) == database.execute("PRAGMA page_count").fetchone()[0]
    assert counts[FREE] == database.execute("PRAGMA freelist_count").fetchone()[0] > 0
    assert counts["the schema"] == 1
    assert all(b"kept 500 " not in page.data for page in pages if page.what in {FREE, UNREACHED})
    holding = {page.what for page in pages if b"gone 500 " in page.data}
    assert holding == {FREE}
    assert {page.what for page in pages if b"kept 500 " in page.data} == {"table kept", "index by_value"}
    if page == 1024:
        assert counts[UNREACHED] > 0, "a long value has pages of its own"


def test_frames_of_a_log_are_told_from_those_of_before(tmp_path: Path) -> None:
    path = tmp_path / "a"
    database = _made(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    # Else the page itself keeps what the row was.
    database.execute("PRAGMA secure_delete = ON")
    for number in range(20):
        database.execute("UPDATE kept SET value = ? WHERE id = 1", (f"first {number}",))
    database.execute("PRAGMA wal_checkpoint(RESTART)")
    database.execute("UPDATE kept SET value = ? WHERE id = 1", ("second",))
    frames = list(frames_of((tmp_path / "a-wal").read_bytes(), 1024))
    current = [frame for frame in frames if frame.what == "a frame of the write-ahead log"]
    assert any(b"second" in frame.data for frame in current)
    assert not any(b"first 19" in frame.data for frame in current)
    assert any(b"first 19" in frame.data for frame in frames)


def test_what_is_no_database_has_no_pages(tmp_path: Path) -> None:
    assert page_bytes(b"x" * 200) == 0
    assert list(pages_of(b"x" * 200, {})) == []


def test_a_torn_file_ends_well(tmp_path: Path) -> None:
    database = _made(tmp_path / "a")
    data, roots = bytearray((tmp_path / "a").read_bytes()), _roots(database)
    data[32:36] = b"\xff\xff\xff\xff"
    data[1024 * 3 : 1024 * 6] = b"\x05" + b"\xff" * (3 * 1024 - 1)
    assert len(list(pages_of(bytes(data), roots))) == len(data) // 1024
