"""The step that brings deletions of accounts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_a_row_of_a_deletion_has_no_place_for_a_name_or_an_address(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    connection = sqlite3.connect(directory.vault_database)
    columns = {row[1] for row in connection.execute("PRAGMA table_info(account_deletions)")}
    connection.close()
    assert columns == {
        "deletion_id", "workspace_id", "state", "requested_by", "requested_unix", "due_unix", "began_unix",
        "code_digest", "code_tries", "counts",
    }  # fmt: skip
