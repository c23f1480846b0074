"""The copy of the erasure ledger, and the union of several."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.backups.ledger_copy import LedgerCopy, merge_ledgers
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.ledger import Ledger

pytestmark = pytest.mark.unit


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.make()
    return made


@pytest.fixture
def places(tmp_path: Path) -> BackupPlaces:
    made = BackupPlaces(tmp_path / "archives", tmp_path / "keys")
    made.make()
    return made


def ids_in(path: Path) -> set[str]:
    return set(path.read_text().split())


def test_the_copy_follows_the_ledger_and_copies_each_line_once(
    directory: DataDirectory, places: BackupPlaces
) -> None:
    ledger, copy = Ledger(directory), LedgerCopy(directory, places)
    assert copy.catch_up() == 0
    ledger.append(["one"])
    assert copy.catch_up() == directory.ledger.stat().st_size
    assert copy.catch_up() == 0
    ledger.append(["two"])
    copy.catch_up()
    assert places.ledger.read_bytes() == directory.ledger.read_bytes()
    # Another process goes on where this one was.
    ledger.append(["three"])
    LedgerCopy(directory, places).catch_up()
    assert places.ledger.read_bytes() == directory.ledger.read_bytes()


def test_a_copy_of_another_ledger_keeps_its_lines(directory: DataDirectory, places: BackupPlaces) -> None:
    places.ledger.write_text("\nolder\n")
    Ledger(directory).append(["one"])
    LedgerCopy(directory, places).catch_up()
    assert ids_in(places.ledger) == {"older", "one"}


def test_a_copy_that_was_taken_away_is_made_anew(directory: DataDirectory, places: BackupPlaces) -> None:
    Ledger(directory).append(["one"])
    copy = LedgerCopy(directory, places)
    copy.catch_up()
    places.ledger.unlink()
    copy.catch_up()
    assert ids_in(places.ledger) == {"one"}


def test_a_union_has_every_line_and_a_beginning_only_once(tmp_path: Path) -> None:
    texts = {"old": "\none\n", "new": "\none\n\ntwo\n", "other": "\nthree\n", "missing": None}
    for name, text in texts.items():
        if text is not None:
            (tmp_path / name).write_text(text)
    merge_ledgers([tmp_path / name for name in texts], tmp_path / "union")
    assert sorted((tmp_path / "union").read_text().split()) == ["one", "three", "two"]
