"""A restored directory takes the place of another wholly or not at all. Kills are tested with the backups."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.replacing import declare_whole, finish_restore

pytestmark = pytest.mark.unit


def fill(directory: DataDirectory, word: str) -> None:
    directory.make()
    for name in ("vault.sqlite", "keys.sqlite", "version", "keys/master.key", "erasure/ledger"):
        (directory.root / name).write_text(word)
    (directory.objects / word).mkdir()
    (directory.objects / word / "000000").write_text(word)


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    fill(made, "old")
    for name in ("vault.sqlite-wal", "vault.sqlite-shm", "operator.sock"):
        (made.root / name).write_text("old")
    fill(DataDirectory(made.restore_staging), "new")
    return made


def words(directory: DataDirectory) -> dict[str, str]:
    return {
        str(path.relative_to(directory.root)): path.read_text()
        for path in directory.root.rglob("*")
        if path.is_file()
    }


def test_what_is_not_whole_is_removed_and_the_old_stays(directory: DataDirectory) -> None:
    assert not finish_restore(directory)
    assert set(words(directory).values()) == {"old"}
    assert not directory.restore_staging.exists()


def test_what_is_whole_takes_the_place_and_nothing_of_the_old_stays(directory: DataDirectory) -> None:
    declare_whole(directory)
    assert finish_restore(directory)
    found = words(directory)
    assert found.pop("operator.sock") == "old", "what is no data is left alone"
    assert set(found.values()) == {"new"}
    assert set(found) == {
        "vault.sqlite", "keys.sqlite", "version", "keys/master.key", "erasure/ledger", "objects/new/000000",
    }  # fmt: skip
    assert not finish_restore(directory)


def test_old_keys_are_overwritten(directory: DataDirectory, tmp_path: Path) -> None:
    for name in ("keys.sqlite", "keys/master.key"):
        (tmp_path / name.replace("/", "-")).hardlink_to(directory.root / name)
    declare_whole(directory)
    finish_restore(directory)
    for name in ("keys.sqlite", "keys-master.key"):
        assert (tmp_path / name).read_bytes() == bytes(3)


def test_certificates_are_added_and_none_is_replaced(directory: DataDirectory) -> None:
    for base, names in ((directory.root, "ab"), (directory.restore_staging, "bc")):
        folder = base / "erasure" / "certificates"
        folder.mkdir()
        for name in names:
            (folder / name).write_text("old" if base == directory.root else "new")
    declare_whole(directory)
    finish_restore(directory)
    folder = directory.root / "erasure" / "certificates"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "old", "b": "old", "c": "new"}


def test_a_directory_that_lacks_a_part_is_never_declared_whole(directory: DataDirectory) -> None:
    (directory.restore_staging / "keys.sqlite").unlink()
    with pytest.raises(AssertionError):
        declare_whole(directory)
    assert not directory.restore_whole.exists()
