"""A log that was changed, cut, forked or set back is caught, and the place is named (C9)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign, sign_checkpoint
from echoless.receipts.growing import append_entries
from echoless.receipts.log_check import LogFault, check_growth, check_log
from echoless.receipts.tiles import pack_entries, unpack_entries

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z32")]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "log.example/echoless"
VERIFIER = VerifierKey(ORIGIN, KEY.public_key().public_bytes_raw())


@dataclass
class Log:
    size: int = 0
    root: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)

    def grow(self, count: int, word: str = "entry") -> Checkpoint:
        return self.put([f"{word} {self.size + number}".encode() for number in range(count)])

    def put(self, entries: list[bytes]) -> Checkpoint:
        growth = append_entries(self.size, entries, self.files.get)
        self.files |= growth.files
        self.size, self.root = growth.size, growth.root
        return Checkpoint(ORIGIN, self.size, self.root)

    def checked(self, seen: Checkpoint | None = None, *, is_whole: bool = True) -> tuple[set[LogFault], str]:
        note = sign_checkpoint(Checkpoint(ORIGIN, self.size, self.root), KEY)
        report = check_log(note, self.files.get, VERIFIER, seen=seen, is_whole=is_whole)
        assert report.is_sound is not bool(report.faults)
        return {fault for fault, _ in report.faults}, " ".join(place for _, place in report.faults)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 1000, 65_536, 66_000])
def test_a_sound_log_is_sound_at_every_size(size: int) -> None:
    log = Log()
    seen = log.grow(size // 2)
    log.grow(size - size // 2)
    assert log.checked(seen) == (set(), "")


@pytest.mark.parametrize("path", ["tile/0/001", "tile/0/003.p/232", "tile/1/000.p/3", "tile/entries/002"])
def test_every_flipped_bit_of_a_tile_is_caught_with_its_place(path: str) -> None:
    log = Log()
    log.grow(1000)
    flipped = bytearray(log.files[path])
    flipped[len(flipped) // 2] ^= 4
    log.files[path] = bytes(flipped)
    faults, places = log.checked()
    assert faults & {LogFault.WRONG_TILE, LogFault.BROKEN_FILE, LogFault.WRONG_ROOT}
    assert path.removeprefix("tile/entries/").removeprefix("tile/") in places or "entries" in path


def test_an_edited_entry_is_caught_even_when_all_tiles_were_made_to_fit() -> None:
    log = Log()
    seen = log.grow(600)
    forged = Log()
    forged.grow(600, "forged")
    forged.grow(100)
    assert forged.checked()[0] == set()
    assert forged.checked(seen)[0] == {LogFault.FORK}
    # And with the old signature in front of it, the root does not fit.
    note = sign_checkpoint(seen, KEY)
    assert {f for f, _ in check_log(note, forged.files.get, VERIFIER).faults} >= {LogFault.WRONG_ROOT}


def test_a_deleted_or_moved_entry_is_caught() -> None:
    log = Log()
    log.grow(300)
    path = "tile/entries/000"
    entries = unpack_entries(log.files[path], 256)
    for changed in ([*entries[1:], entries[0]], [*entries[1:], b"x"]):
        log.files[path] = pack_entries(changed)
        assert log.checked()[0] >= {LogFault.WRONG_TILE, LogFault.WRONG_ROOT}
    log.files[path] = pack_entries(entries[1:])
    assert log.checked()[0] == {LogFault.BROKEN_FILE}
    del log.files[path]
    assert log.checked()[0] == {LogFault.MISSING_FILE}


def test_a_log_that_went_back_or_is_another_one_is_caught() -> None:
    log = Log()
    log.grow(100)
    later = Log()
    seen = later.grow(200)
    assert log.checked(seen)[0] == {LogFault.ROLLBACK}
    assert log.checked(Checkpoint("other.example", 50, seen.root))[0] == {LogFault.FORK}


@pytest.mark.parametrize("first", [1, 255, 256, 300, 65_800])
@pytest.mark.parametrize("more", [0, 1, 1000])
def test_from_a_saved_checkpoint_on_only_what_is_new_is_read(first: int, more: int) -> None:
    log = Log()
    seen = log.grow(first)
    older = {path for path in log.files if path.startswith("tile/entries") and ".p/" not in path}
    log.grow(more)
    log.files = {path: data for path, data in log.files.items() if path not in older}
    assert log.checked(seen, is_whole=False) == (set(), "")


def test_from_a_saved_checkpoint_on_what_is_new_is_checked_as_well() -> None:
    log = Log()
    seen = log.grow(300)
    log.grow(500)
    for path, fault in (("tile/entries/002", LogFault.WRONG_ROOT), ("tile/0/002", LogFault.WRONG_TILE)):
        good = log.files[path]
        log.files[path] = good[:-1] + bytes([good[-1] ^ 1])
        assert fault in log.checked(seen, is_whole=False)[0]
        log.files[path] = good
    fork = Log()
    fork.grow(800, "forged")
    assert fork.checked(seen, is_whole=False)[0] == {LogFault.FORK}
    shorter = Log()
    shorter.grow(200)
    assert shorter.checked(seen, is_whole=False)[0] == {LogFault.ROLLBACK}


def test_broken_tiles_are_not_taken_for_a_fork() -> None:
    """Whoever serves the files may have broken them; only what the log signed twice convicts it."""
    log = Log()
    seen = log.grow(300)
    now = log.grow(400)
    for path in ("tile/0/001", "tile/1/000.p/2"):
        broken = dict(log.files)
        broken[path] = bytes(len(broken[path]))
        assert [fault for fault, _ in check_growth(now, seen, broken.get)] == [LogFault.WRONG_TILE]
    forked = Checkpoint(ORIGIN, 700, bytes(32))
    assert [fault for fault, _ in check_growth(forked, now, log.files.get)] == [LogFault.FORK]


def test_growth_alone_is_checked_with_a_few_tiles() -> None:
    log = Log()
    seen = log.grow(20_000)
    now = log.grow(20_000)
    asked: set[str] = set()

    def fetch(path: str) -> bytes | None:
        asked.add(path)
        return log.files.get(path)

    assert check_growth(now, seen, fetch) == ()
    assert len(asked) < 12
    forked = Checkpoint(ORIGIN, seen.size, bytes(32))
    assert [fault for fault, _ in check_growth(now, forked, fetch)] == [LogFault.FORK]


def test_a_checkpoint_that_a_wanted_witness_did_not_sign_is_not_believed() -> None:
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    wanted = VerifierKey("witness.example", witness.public_key().public_bytes_raw(), is_witness=True)
    log = Log()
    note = sign_checkpoint(log.grow(10), KEY)
    refused = check_log(note, log.files.get, VERIFIER, witnesses=[wanted])
    assert [fault for fault, _ in refused.faults] == [LogFault.CHECKPOINT]
    assert not refused.is_sound
    cosigned = cosign(note, wanted.name, witness, 1_700_000_000)
    assert check_log(cosigned, log.files.get, VERIFIER, witnesses=[wanted]).is_sound


def test_progress_is_told_to_the_end() -> None:
    log = Log()
    note, told = sign_checkpoint(log.grow(1000), KEY), list[float]()
    check_log(note, log.files.get, VERIFIER, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def named(path: str) -> str:
    """Where the fault of a file is named: of entries at the tile that their hashes do not fit, or at themselves."""
    return path.removeprefix("tile/").partition("/")[2].partition(".p/")[0]


def files_of_a_log() -> dict[str, bytes]:
    log = Log()
    log.grow(700)
    return log.files


@pytest.mark.parametrize("path", sorted(files_of_a_log()))
def test_a_flipped_bit_anywhere_in_any_file_is_found_and_the_file_is_named(path: str) -> None:
    log = Log()
    log.grow(700)
    good = log.files[path]
    for place in {0, 1, len(good) // 2, len(good) - 1}:
        for bit in (1, 128):
            flipped = bytearray(good)
            flipped[place] ^= bit
            log.files[path] = bytes(flipped)
            faults, places = log.checked()
            assert faults, (path, place, bit)
            assert named(path) in places, (path, place, bit, places)


@pytest.mark.parametrize("path", sorted(files_of_a_log()))
def test_a_file_that_is_gone_or_cut_is_found_and_named(path: str) -> None:
    log = Log()
    log.grow(700)
    good = log.files[path]
    for cut in (good[:-1], good + b"\0", b""):
        log.files[path] = cut
        faults, places = log.checked()
        assert LogFault.BROKEN_FILE in faults
        assert named(path) in places
    del log.files[path]
    faults, places = log.checked()
    assert LogFault.MISSING_FILE in faults
    assert named(path) in places


def test_hashes_at_the_edge_are_believed_only_as_far_as_they_give_the_root_that_was_seen() -> None:
    log = Log()
    seen = log.grow(300)
    path = "tile/0/001.p/44"
    log.files[path] = log.files[path][:-1] + bytes([log.files[path][-1] ^ 1])
    assert log.checked(seen, is_whole=False)[0] == {LogFault.WRONG_TILE}
