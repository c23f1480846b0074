"""The step that lets a workspace have a capsule key: none has one by itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_no_workspace_has_a_capsule_key_unless_it_is_given_one(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    with closing(sqlite3.connect(directory.vault_database)) as database:
        columns = {name: (default, not_null) for _, name, _, not_null, default, _ in
                   database.execute("PRAGMA table_info(workspaces)")}  # fmt: skip
    assert columns["capsule_key"] == (None, 0)
