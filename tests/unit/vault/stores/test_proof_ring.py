"""Public keys keep their times, so that what they signed can be checked after their end (C8)."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.receipt_records import ProofKeys
from echoless.crossing.wire import PAYLOAD_BYTES_MAX
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.signing import SeedKey
from echoless.receipts.tlog_proof import TlogProof
from echoless.vault.backups.taking import KEY_FILE_BYTES_MAX
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import KeyRole
from echoless.vault.stores.proof_ring import RING_FILE, ProofRing, ends_of

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
FIRST, SECOND, OTHER = b"1" * 32, b"2" * 32, b"3" * 32


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.make()
    return made


def test_the_newest_key_is_first_and_the_one_of_before_has_ended(directory: DataDirectory) -> None:
    ring = ProofRing(directory)
    assert ring.current(KeyRole.RECEIPTS) is None
    ring.turn(KeyRole.RECEIPTS, FIRST, 100, entry=0)
    ring.turn(KeyRole.LOG, OTHER, 100, entry=1)
    ring.turn(KeyRole.RECEIPTS, SECOND, 200, entry=7)
    for read in (ring, ProofRing(directory)):
        newest, oldest = read.of(KeyRole.RECEIPTS)
        assert (newest.public, oldest.public) == (SECOND, FIRST)
        assert read.current(KeyRole.RECEIPTS) == newest
        assert ends_of(newest) == {"nbf": 200}
        assert ends_of(oldest) == {"nbf": 100, "exp": 200, "ended_by_entry": 7}
        assert ends_of(read.of(KeyRole.LOG)[0]) == {"nbf": 100}


def test_a_clock_that_was_set_back_ends_no_key_before_it_began(directory: DataDirectory) -> None:
    ring = ProofRing(directory)
    ring.turn(KeyRole.LOG, FIRST, 100, entry=0)
    ring.turn(KeyRole.LOG, SECOND, 50, entry=1)
    assert ends_of(ring.of(KeyRole.LOG)[1])["exp"] == 100


def test_a_damaged_ring_is_named(directory: DataDirectory) -> None:
    (directory.keys / RING_FILE).write_bytes(b"[{}]")
    with pytest.raises(EcholessError, match=RING_FILE) as refused:
        ProofRing(directory)
    assert refused.value.code is ErrorCode.DATA_DIRECTORY


def longest_handover(origin: str) -> str:
    """A handover of a log with 2**40 entries and a name as long as one may be."""
    keys = [SeedKey(bytes([number]) * 32) for number in (1, 2)]
    names = [VerifierKey(origin, key.public_key().public_bytes_raw()).text for key in keys]
    state = Checkpoint(origin, 2**40, bytes(32))
    first, second = (sign_checkpoint(state, key).partition("\n\n") for key in keys)
    entry = fact_entry(EntryKind.KEY, 1_800_000_000, role="log", key=names[0], ended=names[1])
    return TlogProof(2**40 - 1, (bytes(32),) * 40, "".join(first) + second[2], entry).text


def test_a_full_ring_takes_no_more_and_fits_into_a_backup_and_an_answer(directory: DataDirectory) -> None:
    """Each key with the longest handover that there can be: a backup leaves larger files out."""
    ring, origin = ProofRing(directory), "o" * 200
    handover = longest_handover(origin)
    for number in range(200):
        ring.turn(KeyRole.LOG, bytes([number]) * 32, 1_800_000_000, entry=2**40, handover=handover)
    assert (directory.keys / RING_FILE).stat().st_size <= KEY_FILE_BYTES_MAX
    with pytest.raises(EcholessError, match="so many"):
        ring.turn(KeyRole.RECEIPTS, OTHER, 1_800_000_000, entry=1)
    assert len(ring.of(KeyRole.LOG)) == 200
    listed = [{"key": VerifierKey(origin, key.public).text, **ends_of(key)} for key in ring.of(KeyRole.LOG)]
    answer = msgspec.msgpack.encode(ProofKeys([{}] * 200, "x", listed))
    assert len(answer) <= PAYLOAD_BYTES_MAX


def test_a_ring_from_before_handovers_is_read(directory: DataDirectory) -> None:
    row = {"role": "log", "public": base64.b64encode(FIRST).decode(), "begun_unix": 1, "ended_unix": 2}
    (directory.keys / RING_FILE).write_bytes(json.dumps([row | {"ended_by_entry": 3}]).encode())
    (key,) = ProofRing(directory).of(KeyRole.LOG)
    assert ends_of(key) == {"nbf": 1, "exp": 2, "ended_by_entry": 3}


def test_what_the_disk_refused_is_known_and_written_later(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = ProofRing(directory)

    def refuse(*_: object) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patched:
        patched.setattr("echoless.vault.stores.proof_ring.write_whole", refuse)
        with pytest.raises(OSError, match="no space"):
            ring.turn(KeyRole.LOG, FIRST, 100, entry=0)
    assert ring.of(KeyRole.LOG)
    assert not ProofRing(directory).of(KeyRole.LOG)
    ring.save()
    assert ProofRing(directory).of(KeyRole.LOG) == ring.of(KeyRole.LOG)


def test_a_new_log_has_no_proof_of_what_a_lost_one_said(directory: DataDirectory) -> None:
    ring = ProofRing(directory)
    ring.turn(KeyRole.RECEIPTS, FIRST, 100, entry=0)
    ring.turn(KeyRole.RECEIPTS, SECOND, 200, entry=7, handover="of the lost log")
    ring.begin_new_log()
    assert ends_of(ProofRing(directory).of(KeyRole.RECEIPTS)[1]) == {"nbf": 100, "exp": 200}
