"""The step that brings what the log commits to besides receipts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_a_statement_has_a_place_and_is_there_once(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    with closing(sqlite3.connect(directory.vault_database)) as database:
        row = ("c1", "workspace", "policy", "{}", b"salt", "digest", None)
        columns = "statement_id, workspace_id, kind, statement, salt, digest, log_index"
        insert = f"INSERT INTO logged_statements ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        database.execute(insert, row)
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(insert, row)
        indexes = {name for (_, name, *_) in database.execute("PRAGMA index_list(logged_statements)")}
    assert {"logged_statements_by_workspace", "logged_statements_by_entry"} <= indexes
