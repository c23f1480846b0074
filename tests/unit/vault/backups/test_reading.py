"""An archive that opens and is well-formed, and is refused all the same: by name, by place, by what it lacks."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.vault.backups.age_keys import Identity, new_identity, recipient_of
from echoless.vault.backups.archive import Entry, write_archive
from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.backups.manifest import FORMAT, STORE, ArchiveEnd, ArchiveHead, KeysHead, SealedSet, Stem
from echoless.vault.backups.reading import read_keys, read_vault
from echoless.vault.stores.directory import VERSION

pytestmark = pytest.mark.unit
SET_ID = "s" * 20
OBJECT = "objects/ab/" + "a" * 20 + "/000000"
HEAD = ArchiveHead(FORMAT, SET_ID, "0" * 16, 1, 2, VERSION, STORE)


def head(**changes: object) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(HEAD, **changes))


END = msgspec.json.encode(ArchiveEnd(1, 3))
WHOLE: list[tuple[str, bytes]] = [
    ("archive.json", head()), ("vault.database", b"rows"), ("ledger", b"\nid\n"), (OBJECT, b"abc"),
    ("end.json", END),
]  # fmt: skip


def read(tmp_path: Path, entries: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """Write an archive as somebody might who has the key, and read it."""
    identity, path, into = new_identity(), tmp_path / "archive", tmp_path / "into"
    pieces = [Entry.of_bytes(name, data) for name, data in entries]
    written = write_archive(path, pieces, [recipient_of(identity)], lambda _: None)
    sealed = SealedSet(SET_ID, 1, 2, written.size_bytes, written.sha256, str(identity))
    read_vault(path, sealed, lambda name: into / name, lambda _: None)
    return {str(each.relative_to(into)): each.read_bytes() for each in into.rglob("*") if each.is_file()}


def test_a_whole_archive_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == dict(WHOLE[1:-1])


@pytest.mark.parametrize(
    "entries",
    [
        [],
        WHOLE[1:],
        WHOLE[:-1],
        [*WHOLE, WHOLE[1]],
        [*WHOLE[:3], WHOLE[4]],
        [*WHOLE[:4], (OBJECT[:-1] + "1", b"abc"), WHOLE[4]],
        [("archive.json", head(format=FORMAT + 1)), *WHOLE[1:]],
        [("archive.json", head(directory_version=VERSION + 1)), *WHOLE[1:]],
        [("archive.json", head(set_id="t" * 20)), *WHOLE[1:]],
        [("archive.json", b"{}"), *WHOLE[1:]],
        [("archive.json", b"x" * 2_000_000), *WHOLE[1:]],
        [*WHOLE[:1], ("keys/master.key", b"k" * 32), *WHOLE[1:]],
        [*WHOLE[:1], ("objects/../../../etc/passwd", b"x"), *WHOLE[1:]],
        [*WHOLE[:1], ("/etc/passwd", b"x"), *WHOLE[1:]],
        [*WHOLE[:1], ("objects/ab/../000000", b"x"), *WHOLE[1:]],
        [*WHOLE[:1], ("vault.sqlite-wal", b"x"), *WHOLE[1:]],
        [*WHOLE[:2], *WHOLE[1:]],
    ],
)
def test_what_is_not_as_we_write_it_is_refused(tmp_path: Path, entries: list[tuple[str, bytes]]) -> None:
    with pytest.raises((EcholessError, FileExistsError)):
        read(tmp_path, entries)
    assert not [path for path in tmp_path.rglob("*") if "passwd" in path.name or "key" in path.name]


def put_keys(places: BackupPlaces, identity: Identity, *more: tuple[str, bytes], **changes: object) -> None:
    sealed = SealedSet(SET_ID, 1, 2, 3, "f" * 64, str(new_identity()))
    keys = msgspec.structs.replace(KeysHead(FORMAT, "0" * 16, 1, STORE, 0, (sealed,)), **changes)
    entries = [("archive.json", msgspec.json.encode(keys)), ("keys.database", b"rows"), *more]
    pieces = [Entry.of_bytes(name, data) for name, data in entries]
    places.make()
    write_archive(places.keys_path(Stem(1, SET_ID)), pieces, [recipient_of(identity)], lambda _: None)


def test_the_keys_of_a_set_are_its_own_or_the_newest(tmp_path: Path) -> None:
    places, identity = BackupPlaces(tmp_path / "archives", tmp_path / "keys"), new_identity()
    put_keys(places, identity)
    assert read_keys(places, SET_ID, [identity], lambda _: None).sealed_set.set_id == SET_ID
    with pytest.raises(EcholessError, match="destroyed"):
        read_keys(places, "u" * 20, [identity], lambda _: None)


@pytest.mark.parametrize(
    "more", [("keys/../../x.key", b"x"), ("objects/ab/item/000000", b"x"), ("keys/x.txt", b"x")]
)
def test_an_archive_of_keys_holds_keys_only(tmp_path: Path, more: tuple[str, bytes]) -> None:
    places, identity = BackupPlaces(tmp_path / "archives", tmp_path / "keys"), new_identity()
    put_keys(places, identity, more)
    with pytest.raises(EcholessError, match="unknown"):
        read_keys(places, SET_ID, [identity], lambda _: None)


def test_without_any_archive_of_keys_nothing_opens(tmp_path: Path) -> None:
    with pytest.raises(EcholessError, match="no archive of keys"):
        read_keys(BackupPlaces(tmp_path / "a", tmp_path / "k"), SET_ID, [new_identity()], lambda _: None)
