"""The step of backups keeps its place in the chain and changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.stores import migration
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import Steps, bring_up_to_date

pytestmark = pytest.mark.unit


def shape_up_to(last: str, place: Path) -> tuple[set[str], set[str]]:
    """Return what a vault made by the steps up to this one has: its revision, and the statements of its tables."""
    origin = Path(migration.__file__).with_name("migrations")
    for source in origin.rglob("*.py"):
        if not source.name.startswith("v0") or source.name[:5] <= last:
            target = place / "steps" / source.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    directory = DataDirectory(place / "data")
    directory.make()
    bring_up_to_date(directory, MemoryJournal(), Steps(3, place / "steps"))
    connection = sqlite3.connect(directory.vault_database)
    revisions = {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
    statements = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    connection.close()
    return revisions, statements


def test_no_table_tells_of_backups_and_later_steps_find_this_one(tmp_path: Path) -> None:
    before, tables_before = shape_up_to("v0007", tmp_path / "before")
    after, tables_after = shape_up_to("v0008", tmp_path / "after")
    assert (before, after) == ({"v0007"}, {"v0008"})
    assert tables_after == tables_before
    assert len(tables_after) > 10
