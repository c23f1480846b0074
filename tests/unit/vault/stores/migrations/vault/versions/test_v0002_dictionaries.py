"""The step that brings dictionaries to a directory that has none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores import migration
from echoless.vault.stores.directory import VERSION, DataDirectory
from echoless.vault.stores.migration import Steps, bring_up_to_date

pytestmark = pytest.mark.unit
TABLES = {"dictionaries", "dictionary_versions"}


def first_steps(tmp_path: Path) -> Steps:
    """The steps as the version before this one had them."""
    folder = tmp_path / "steps"
    for source in Path(migration.__file__).with_name("migrations").rglob("*.py"):
        if not "v0002" <= source.name < "v9":
            target = folder / source.relative_to(Path(migration.__file__).with_name("migrations"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return Steps(1, folder)


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


def test_a_directory_of_the_first_version_gets_the_tables_and_keeps_its_rows(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal(), first_steps(tmp_path))
    assert not TABLES & tables(directory.vault_database)
    connection = sqlite3.connect(directory.vault_database)
    connection.execute("INSERT INTO facts VALUES ('n', 'v')")
    connection.commit()
    connection.close()
    bring_up_to_date(directory, MemoryJournal())
    assert directory.version() == VERSION
    assert tables(directory.vault_database) >= TABLES
    connection = sqlite3.connect(directory.vault_database)
    assert connection.execute("SELECT value FROM facts").fetchall() == [("v",)]
    connection.close()
