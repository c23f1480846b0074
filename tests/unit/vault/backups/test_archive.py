"""One archive: written and read as a stream, and refused where a byte of it is not what was written."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.backups.age_keys import Identity, new_identity, recipient_of
from echoless.vault.backups.archive import Entry, Written, file_sha256, opened, write_archive

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def identity() -> Identity:
    return new_identity()


def write(path: Path, identity: Identity, entries: dict[str, bytes]) -> Written:
    pieces = [Entry.of_bytes(name, data) for name, data in entries.items()]
    return write_archive(path, pieces, [recipient_of(identity)], lambda _read_bytes: None)


def read(path: Path, identity: Identity) -> dict[str, bytes]:
    with opened(path, [identity]) as (entries, _):
        return {entry.name: b"".join(entry.pieces) for entry in entries}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 300_000), max_size=4))
def test_what_is_written_is_read(tmp_path: Path, identity: Identity, sizes: list[int]) -> None:
    entries = {f"objects/aa/item/{index:06d}": b"x" * size for index, size in enumerate(sizes)}
    written = write(tmp_path / "archive", identity, entries)
    assert read(tmp_path / "archive", identity) == entries
    data = (tmp_path / "archive").read_bytes()
    assert (written.size_bytes, written.sha256) == (len(data), file_sha256(tmp_path / "archive"))


def test_any_age_and_any_tar_open_it(tmp_path: Path, identity: Identity) -> None:
    """The form is a standard: an operator needs nothing of ours to look into an archive."""
    write(tmp_path / "archive", identity, {"keys/master.key": b"k" * 32, "end.json": b"{}"})
    plain = pyrage.decrypt((tmp_path / "archive").read_bytes(), [identity])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert tar.getnames() == ["keys/master.key", "end.json"]
    (tmp_path / "plain.tar").write_bytes(plain)
    listed = subprocess.run(["tar", "-tf", str(tmp_path / "plain.tar")], capture_output=True, check=True)
    assert listed.stdout.split() == [b"keys/master.key", b"end.json"]


@pytest.mark.parametrize("place", [0, 10, 200, 0.5, -1])
def test_a_changed_byte_anywhere_is_refused(tmp_path: Path, identity: Identity, place: float) -> None:
    write(tmp_path / "archive", identity, {"one": b"x" * 200_000})
    data = bytearray((tmp_path / "archive").read_bytes())
    data[int(place * len(data)) if isinstance(place, float) else place] ^= 1
    (tmp_path / "archive").write_bytes(data)
    with pytest.raises(EcholessError) as raised:
        read(tmp_path / "archive", identity)
    assert raised.value.code is ErrorCode.BACKUP


@pytest.mark.parametrize("cut_bytes", [1, 65_552, 131_104, 200_000])
def test_a_missing_end_is_refused_wherever_it_was_cut(tmp_path: Path, identity: Identity, cut_bytes: int) -> None:
    write(tmp_path / "archive", identity, {"one": b"x" * 150_000, "two": b"y" * 150_000})
    data = (tmp_path / "archive").read_bytes()
    (tmp_path / "archive").write_bytes(data[:-cut_bytes])
    with pytest.raises(EcholessError):
        read(tmp_path / "archive", identity)


def test_bytes_after_the_end_are_refused(tmp_path: Path, identity: Identity) -> None:
    write(tmp_path / "archive", identity, {"one": b"x"})
    with (tmp_path / "archive").open("ab") as file:
        file.write(b"more")
    with pytest.raises(EcholessError):
        read(tmp_path / "archive", identity)


def test_what_is_sealed_and_no_archive_is_refused(tmp_path: Path, identity: Identity) -> None:
    (tmp_path / "archive").write_bytes(pyrage.encrypt(b"junk" * 1000, [recipient_of(identity)]))
    with pytest.raises(EcholessError, match="no archive"):
        read(tmp_path / "archive", identity)


def test_a_link_in_an_archive_is_refused(tmp_path: Path, identity: Identity) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        link = tarfile.TarInfo("objects/aa/item/000000")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (tmp_path / "archive").write_bytes(pyrage.encrypt(plain.getvalue(), [recipient_of(identity)]))
    with pytest.raises(EcholessError, match="no file"):
        read(tmp_path / "archive", identity)


def test_what_fails_while_it_is_read_fails_the_archive_and_leaves_no_file(
    tmp_path: Path, identity: Identity
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x"
        raise EcholessError(ErrorCode.STORE_UNAVAILABLE, "gone")

    entry = Entry("one", 2, pieces())
    with pytest.raises(EcholessError, match="store_unavailable"):
        write_archive(tmp_path / "archive", [entry], [recipient_of(identity)], lambda _: None)
    assert not (tmp_path / "archive").exists()


def test_an_entry_of_another_size_than_it_says_fails_the_archive(tmp_path: Path, identity: Identity) -> None:
    with pytest.raises(EcholessError, match="size"):
        write_archive(tmp_path / "archive", [Entry("one", 5, [b"x"])], [recipient_of(identity)], lambda _: None)


def test_a_file_that_grows_is_taken_as_long_as_it_was(tmp_path: Path, identity: Identity) -> None:
    (tmp_path / "ledger").write_bytes(b"one\n")
    entry = Entry.of_file("ledger", tmp_path / "ledger")
    with (tmp_path / "ledger").open("ab") as file:
        file.write(b"two\n")
    write_archive(tmp_path / "archive", [entry], [recipient_of(identity)], lambda _: None)
    assert read(tmp_path / "archive", identity) == {"ledger": b"one\n"}


def test_an_archive_that_cannot_be_made_says_why(tmp_path: Path, identity: Identity) -> None:
    with pytest.raises(EcholessError, match="No such file"):
        write(tmp_path / "missing" / "archive", identity, {"one": b"x"})


def test_whoever_stops_reading_is_not_held_up(tmp_path: Path, identity: Identity) -> None:
    write(tmp_path / "archive", identity, {"one": b"x" * 5_000_000})

    class EnoughError(Exception):
        pass

    with pytest.raises(EnoughError), opened(tmp_path / "archive", [identity]):
        raise EnoughError
