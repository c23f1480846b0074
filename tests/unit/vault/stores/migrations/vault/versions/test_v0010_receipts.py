"""The step that brings receipts to a directory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_a_receipt_has_a_place_and_a_request_has_one_receipt(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    with closing(sqlite3.connect(directory.vault_database)) as database:
        row = ("request", "workspace", 60, "signed", b"salt", None)
        database.execute("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", row)
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)", row)
        indexes = {name for (_, name, *_) in database.execute("PRAGMA index_list(receipts)")}
    assert {"receipts_by_workspace", "receipts_by_entry"} <= indexes
