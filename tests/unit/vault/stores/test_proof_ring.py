"""Public keys keep their times, so that what they signed can be checked after their end (C8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
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


def test_a_full_ring_takes_no_more_and_its_file_fits_into_a_backup(directory: DataDirectory) -> None:
    ring = ProofRing(directory)
    for number in range(200):
        ring.turn(KeyRole.RECEIPTS, bytes([number]) * 32, 1_800_000_000, entry=1_000_000_000)
    assert (directory.keys / RING_FILE).stat().st_size <= 64 * 1024
    with pytest.raises(EcholessError, match="so many"):
        ring.turn(KeyRole.RECEIPTS, OTHER, 1_800_000_000, entry=1)
    assert len(ring.of(KeyRole.RECEIPTS)) == 200
