"""A copy proves itself, goes on from what it has, and keeps nothing of a log that lies (C9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts import mirroring
from echoless.receipts.checkpoint import Checkpoint, sign_checkpoint
from echoless.receipts.growing import Fetch, Growth
from echoless.receipts.log_check import LogFault, check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.mirroring import Copied, copy_log
from echoless.receipts.tiles import pack_entries, unpack_entries
from tests.unit.receipts.test_checkpoint import OTHER, WITNESS
from tests.unit.receipts.test_log_check import KEY, ORIGIN, VERIFIER, Log

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
KEYS = LogKeys(VERIFIER)


def note_of(log: Log) -> str:
    return sign_checkpoint(Checkpoint(ORIGIN, log.size, log.root), KEY)


@dataclass
class Copy:
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def take(self, log: Log, note: str = "") -> Copied:
        def fetch(path: str) -> bytes | None:
            self.asked.append(path)
            return log.files.get(path)

        return copy_log(note or note_of(log), fetch, KEYS, self.files.get, self.files.__setitem__)

    def is_sound(self) -> bool:
        note = self.files["checkpoint"].decode()
        return check_log(note, self.files.get, VERIFIER).is_sound


def test_a_copy_is_the_log_and_goes_on_from_what_is_there() -> None:
    log, copy = Log(), Copy()
    for count in (1, 299, 0, 400, 70_000):
        state = log.grow(count)
        before = len(copy.asked)
        copied = copy.take(log)
        assert (copied.checkpoint, copied.new_count, copied.faults) == (state, count, ())
        assert copy.is_sound()
        # Whole tiles of entries that the copy had are not fetched again.
        fetched = [path for path in copy.asked[before:] if path.startswith("tile/entries/")]
        assert len(fetched) <= count // 256 + 2
    served = {path for path in log.files if ".p/" not in path}
    assert {path: copy.files[path] for path in served} == {path: log.files[path] for path in served}


def test_hashes_are_never_taken_from_the_log() -> None:
    log, copy = Log(), Copy()
    log.grow(1000)
    for path in log.files:
        if path.startswith(("tile/0", "tile/1")):
            log.files[path] = bytes(len(log.files[path]))
    assert copy.take(log).faults == ()
    assert copy.is_sound()


def test_a_forged_entry_is_caught_and_the_copy_stays_as_it_was() -> None:
    log, copy = Log(), Copy()
    seen = log.grow(300)
    copy.take(log)
    log.grow(700)
    path = "tile/entries/002"
    good = log.files[path]
    entries = unpack_entries(good, 256)
    log.files[path] = pack_entries([b"forged", *entries[1:]])
    copied = copy.take(log)
    assert (copied.checkpoint, copied.faults[0][0]) == (seen, LogFault.WRONG_ROOT)
    assert copy.is_sound()
    log.files[path] = good
    assert copy.take(log).faults == ()
    assert copy.is_sound()


@pytest.mark.parametrize(("data", "fault"), [(None, LogFault.MISSING_FILE), (b"\x00\x09cut", LogFault.BROKEN_FILE)])
def test_a_lost_or_broken_file_is_named(data: bytes | None, fault: LogFault) -> None:
    log, copy = Log(), Copy()
    log.grow(700)
    del log.files["tile/entries/001"]
    if data is not None:
        log.files["tile/entries/001"] = data
    copied = copy.take(log)
    assert copied.faults[0][0] is fault
    assert "tile/entries/001" in copied.faults[0][1]
    assert "checkpoint" not in copy.files


def test_a_fork_a_rollback_and_a_stranger_do_not_touch_the_copy() -> None:
    log, copy, fork, shorter = Log(), Copy(), Log(), Log()
    log.grow(300)
    copy.take(log)
    before = dict(copy.files)
    fork.grow(500, "forged")
    shorter.grow(200)
    assert copy.take(fork).faults[0][0] is LogFault.FORK
    assert copy.take(shorter).faults[0][0] is LogFault.ROLLBACK
    stranger = sign_checkpoint(Checkpoint(ORIGIN, log.size, log.root), OTHER)
    assert copy.take(log, stranger).faults[0][0] is LogFault.CHECKPOINT
    assert copy.files == before


def test_a_wanted_witness_must_have_signed() -> None:
    log = Log()
    log.grow(3)
    files: dict[str, bytes] = {}
    copied = copy_log(note_of(log), log.files.get, KEYS, files.get, files.__setitem__, witnesses=[WITNESS])
    assert copied.faults[0][0] is LogFault.CHECKPOINT


def test_a_copy_of_another_log_is_not_continued() -> None:
    log, copy = Log(), Copy()
    log.grow(3)
    copy.files["checkpoint"] = sign_checkpoint(Checkpoint("other.example", 1, bytes(32)), OTHER).encode()
    with pytest.raises(EcholessError):
        copy.take(log)


def test_progress_is_told_to_the_end() -> None:
    log, told = Log(), list[float]()
    log.grow(1000)
    files: dict[str, bytes] = {}
    copy_log(note_of(log), log.files.get, KEYS, files.get, files.__setitem__, progress=told.append)
    assert told[-1] == 1.0


def test_a_log_of_long_entries_is_copied_in_steps_that_fit_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step ends once it is long, though the log says that there is no end to it."""
    monkeypatch.setattr(mirroring, "_STEP_BYTES_MAX", 10_000)
    held, real = list[int](), mirroring.append_entries

    def noting(size: int, entries: Sequence[bytes], fetch: Fetch) -> Growth:
        held.append(len(entries))
        return real(size, entries, fetch)

    monkeypatch.setattr(mirroring, "append_entries", noting)
    log, copy = Log(), Copy()
    state = log.grow(5000)
    assert copy.take(log).checkpoint == state
    assert copy.is_sound()
    assert max(held) <= 10 * 256
    assert len(held) > 1
