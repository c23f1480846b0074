"""Bringing data directories up to date."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.vault.stores import migration
from echoless.vault.stores.directory import VERSION, DataDirectory
from echoless.vault.stores.migration import Steps, bring_up_to_date, drop_copies, drop_old_copies
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit
GOOD_STEP = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "next_{newest}", "{newest}", None, None
def upgrade():
    op.add_column("{table}", sa.Column("added", sa.Integer, server_default="5"))
"""
BAD_STEP = GOOD_STEP + '    raise OSError(28, "the disk is full")\n'


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    return directory


def next_steps(tmp_path: Path, step: str) -> Steps:
    """The real steps and one more for each database."""
    folder = tmp_path / "steps"
    shutil.copytree(Path(migration.__file__).with_name("migrations"), folder, dirs_exist_ok=True)
    for database, table in (("vault", "facts"), ("keys", "item_keys")):
        versions = folder / database / "versions"
        newest = max(path.stem.split("_")[0] for path in versions.glob("?0*.py"))
        (versions / "x_next.py").write_text(step.format(newest=newest, table=table))
    return Steps(VERSION + 1, folder)


def columns(path: Path, table: str) -> list[str]:
    connection = sqlite3.connect(path)
    found = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.close()
    return found


def put_fact(directory: DataDirectory) -> None:
    connection = sqlite3.connect(directory.vault_database)
    connection.execute("INSERT INTO facts VALUES ('n', 'v')")
    connection.commit()
    connection.close()


def test_a_new_directory_gets_the_newest_version_and_no_copies(directory: DataDirectory) -> None:
    journal = MemoryJournal()
    bring_up_to_date(directory, journal)
    assert directory.version() == VERSION
    assert not directory.copies.exists()
    assert journal.events == [(Event.MIGRATED, {"from_version": 0, "to_version": VERSION})]
    bring_up_to_date(directory, journal)
    assert len(journal.events) == 1
    modes = {path.stat().st_mode & 0o777 for path in (directory.vault_database, directory.keys_database)}
    assert modes == {0o600}


def test_an_older_directory_is_copied_and_migrated(directory: DataDirectory, tmp_path: Path) -> None:
    bring_up_to_date(directory, MemoryJournal())
    put_fact(directory)
    steps = next_steps(tmp_path, GOOD_STEP)
    bring_up_to_date(directory, MemoryJournal(), steps)
    assert directory.version() == steps.version
    assert "added" in columns(directory.vault_database, "facts")
    assert "added" in columns(directory.keys_database, "item_keys")
    copied = sqlite3.connect(directory.copies / "vault.sqlite")
    assert copied.execute("SELECT value FROM facts").fetchall() == [("v",)]
    copied.close()
    assert "added" not in columns(directory.copies / "keys.sqlite", "item_keys")


def test_a_newer_directory_is_refused_untouched(directory: DataDirectory) -> None:
    bring_up_to_date(directory, MemoryJournal())
    directory.set_version(VERSION + 1)
    before = directory.vault_database.read_bytes()
    with pytest.raises(EcholessError, match=f"version {VERSION + 1}") as caught:
        bring_up_to_date(directory, MemoryJournal())
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
    assert directory.vault_database.read_bytes() == before


def test_a_migration_that_failed_halfway_is_taken_back_at_the_next_start(
    directory: DataDirectory, tmp_path: Path
) -> None:
    bring_up_to_date(directory, MemoryJournal())
    put_fact(directory)
    with pytest.raises(OSError, match="full"):
        bring_up_to_date(directory, MemoryJournal(), next_steps(tmp_path, BAD_STEP))
    assert directory.version() == VERSION
    bring_up_to_date(directory, MemoryJournal())
    assert columns(directory.vault_database, "facts") == ["name", "value"]
    connection = sqlite3.connect(directory.vault_database)
    assert connection.execute("SELECT value FROM facts").fetchall() == [("v",)]
    connection.close()


def test_a_first_start_that_was_killed_begins_anew(directory: DataDirectory, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        bring_up_to_date(directory, MemoryJournal(), next_steps(tmp_path, BAD_STEP))
    bring_up_to_date(directory, MemoryJournal())
    assert directory.version() == VERSION


def test_copies_go_after_a_week_or_when_asked(directory: DataDirectory, tmp_path: Path, clock: TurnedClock) -> None:
    """Deleted content must not live on in a copy."""
    bring_up_to_date(directory, MemoryJournal())
    bring_up_to_date(directory, MemoryJournal(), next_steps(tmp_path, GOOD_STEP))
    clock.now_ms = int(directory.copies.stat().st_mtime * 1000)
    drop_old_copies(directory, clock)
    assert directory.copies.exists()
    clock.turn(8 * 86_400)
    drop_old_copies(directory, clock)
    assert not directory.copies.exists()
    drop_copies(directory)
