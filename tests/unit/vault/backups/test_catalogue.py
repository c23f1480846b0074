"""Which backups there are, in folders where anything may lie."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from echoless.vault.backups.catalogue import BackupPlaces, Expiry, SetBook, stem_of
from echoless.vault.backups.manifest import DAY_S, FORMAT, BackupNote, SealedSet
from echoless.vault.stores.directory import DataDirectory

pytestmark = pytest.mark.unit
NOW = 1_800_000_000


@pytest.fixture
def places(tmp_path: Path) -> BackupPlaces:
    made = BackupPlaces(tmp_path / "archives", tmp_path / "keys")
    made.make()
    return made


@pytest.fixture
def book(tmp_path: Path) -> SetBook:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    return SetBook(directory)


def put(places: BackupPlaces, letter: str, taken_unix: int) -> BackupNote:
    note = BackupNote(FORMAT, letter * 20, "0" * 16, taken_unix, taken_unix + 30 * DAY_S, 1, "f" * 64, 0, 0, 1)
    stem = stem_of(note)
    places.vault_path(stem).write_bytes(b"sealed")
    places.keys_path(stem).write_bytes(b"sealed keys")
    places.note_path(stem).write_bytes(msgspec.json.encode(note))
    return note


def sealed_set(letter: str) -> SealedSet:
    return SealedSet(letter * 20, NOW, NOW, 1, "f" * 64, f"AGE-SECRET-KEY-{letter}")


def test_backups_are_listed_oldest_first_and_other_files_are_left_alone(places: BackupPlaces) -> None:
    young, old = put(places, "y", NOW), put(places, "o", NOW - DAY_S)
    (places.archives / "readme.txt").write_text("mine")
    (places.archives / f"{stem_of(old)}x.json").write_text("{}")
    assert places.notes() == [old, young]
    assert places.keys_stems() == [stem_of(old), stem_of(young)]


def test_a_note_that_is_damaged_or_of_another_backup_is_none(places: BackupPlaces) -> None:
    one, two = put(places, "a", NOW), put(places, "b", NOW + 1)
    places.note_path(stem_of(one)).write_bytes(places.note_path(stem_of(two)).read_bytes())
    places.note_path(stem_of(two)).write_text("{")
    assert places.notes() == []


def test_folders_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    assert BackupPlaces(tmp_path / "no", tmp_path / "none").notes() == []


def test_what_is_due_goes_with_its_keys_and_what_is_not_stays(places: BackupPlaces, book: SetBook) -> None:
    expiry = Expiry(places, book, days=30)
    old, young = put(places, "o", NOW - 30 * DAY_S), put(places, "y", NOW - 30 * DAY_S + 1)
    book.write((sealed_set("o"), sealed_set("y")))
    assert expiry.due(NOW) == [stem_of(old)]
    assert expiry.due(NOW, ahead_s=1) == [stem_of(old), stem_of(young)]
    assert expiry.end(expiry.due(NOW)) == 1
    assert places.notes() == [young]
    assert not [path for folder in (places.archives, places.keys) for path in folder.glob("*oooo*")]
    assert [each.set_id for each in book.read()] == ["y" * 20]


def test_keys_are_overwritten_before_they_are_removed(
    places: BackupPlaces, book: SetBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = put(places, "o", NOW)
    path = places.keys_path(stem_of(note))
    # Another name of the same file shows what was left in it.
    (places.keys / "other-name").hardlink_to(path)
    Expiry(places, book, days=30).end([stem_of(note)])
    assert not path.exists()
    assert (places.keys / "other-name").read_bytes() == bytes(len(b"sealed keys"))


def test_identities_that_are_dropped_are_overwritten(book: SetBook, tmp_path: Path) -> None:
    book.write((sealed_set("a"), sealed_set("b")))
    (tmp_path / "other-name").hardlink_to(tmp_path / "data" / "keys" / "backup-sets")
    book.drop({"a" * 20})
    assert b"AGE-SECRET-KEY-a" not in (tmp_path / "other-name").read_bytes()
    assert [each.set_id for each in book.read()] == ["b" * 20]
    assert not list((tmp_path / "data" / "keys").glob("*.old"))


def test_a_book_that_is_damaged_has_no_sets(book: SetBook, tmp_path: Path) -> None:
    (tmp_path / "data" / "keys" / "backup-sets").write_text("[")
    assert book.read() == ()


def test_leftovers_of_a_killed_process_are_removed(places: BackupPlaces, book: SetBook) -> None:
    whole, begun = put(places, "w", NOW), put(places, "b", NOW + 1)
    places.note_path(stem_of(begun)).unlink()
    for path in (places.vault_path(stem_of(whole)), places.keys_path(stem_of(whole))):
        path.with_name(path.name + ".new").write_bytes(b"half")
    Expiry(places, book, days=30).clear_leftovers()
    assert places.notes() == [whole]
    assert {path.name for path in places.keys.iterdir()} == {places.keys_path(stem_of(whole)).name}
    assert len(list(places.archives.iterdir())) == 2


def test_what_a_wrong_clock_has_taken_is_told_from_what_is_young(places: BackupPlaces, book: SetBook) -> None:
    put(places, "y", NOW + DAY_S)
    wrong = put(places, "w", NOW + DAY_S + 1)
    assert Expiry(places, book, days=30).from_the_future(NOW) == [stem_of(wrong)]
