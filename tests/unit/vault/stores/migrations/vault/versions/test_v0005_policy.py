"""The step that brings policy: keys and workspaces of before are bound by nothing new."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores import migration
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import Steps, bring_up_to_date

pytestmark = pytest.mark.unit
ADDED = {
    "workspaces": {"hipaa_agreed_on", "self_disabling"},
    "api_keys": {"allowed_networks", "concurrency_limits", "ended_unix", "self_disabling"},
}


def earlier_steps(tmp_path: Path) -> Steps:
    """The steps as they were before this one."""
    folder = tmp_path / "steps"
    origin = Path(migration.__file__).with_name("migrations")
    for source in origin.rglob("*.py"):
        if not "v0005" <= source.name < "v9":
            target = folder / source.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return Steps(3, folder)


def columns(path: Path, table: str) -> dict[str, bool]:
    """Return the columns of a table, and whether each must have a value."""
    connection = sqlite3.connect(path)
    found = {row[1]: bool(row[3]) for row in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()
    return found


def test_what_was_there_before_has_no_bound_that_nobody_set(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal(), earlier_steps(tmp_path))
    before = {table: columns(directory.vault_database, table) for table in ADDED}
    bring_up_to_date(directory, MemoryJournal())
    for table, names in ADDED.items():
        after = columns(directory.vault_database, table)
        assert names <= after.keys() - before[table].keys()
        assert not any(after[name] for name in names), "a row of before has no value here"
