"""One key follows another, the log says so, and what the old one signed still holds (C8, C9)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import VerifierKey, open_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader, read_entries
from echoless.receipts.log_check import check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import RECEIPT_KIND, to_minute
from echoless.receipts.signing import KeptKey, StatementSigner
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import KeyRole, KeySafe
from echoless.vault.stores.proof_keys import ProofKeys
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.proof_ring import RING_FILE
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
ORIGIN = "log.example"
NOW = 1_800_000_000
SALT = b"0123456789abcdef"


class Proof:
    """Keys and log of a data directory, as one start finds them."""

    def __init__(self, directory: DataDirectory, at_unix: int = NOW) -> None:
        self.directory = directory
        self.keys = ProofKeys(directory, KeySafe())
        self.proof_log = ProofLog(
            directory.log, ORIGIN, self.keys.log, self.keys.former_log_keys(), self.keys.settle
        )
        self.keys.enter_unknown(self.proof_log, at_unix)

    def turn(self, role: KeyRole, at_unix: int) -> None:
        self.keys.turn(role, self.proof_log, at_unix)

    def answer_keys(self) -> dict[str, Any]:
        return {
            "keys": self.keys.receipt_keys(),
            "log_key": self.keys.log_key(ORIGIN),
            "log_keys": self.keys.log_keys(ORIGIN),
        }

    def issue(self, at_unix: int, key: KeptKey | None = None) -> dict[str, Any]:
        """Sign a receipt and enter it, as the server answers it."""
        receipt = msgspec.structs.replace(RECEIPT, minute_unix=to_minute(at_unix))
        signed = StatementSigner(key or self.keys.receipts).sign(RECEIPT_KIND, receipt.statement())
        index = self.proof_log.append([committed_entry(EntryKind.RECEIPT, SALT, signed)])
        size = self.proof_log.state.size
        parts = inclusion_proof(index, size, HashReader(size, self.proof_log.fetch).hash_at)
        return {
            "receipt": signed,
            "salt": base64.b64encode(SALT).decode(),
            "inclusion": {
                "index": index,
                "checkpoint": self.proof_log.note(),
                "proof": [base64.b64encode(part).decode() for part in parts],
            },
        }

    def entries(self) -> list[dict[str, Any]]:
        size = self.proof_log.state.size
        return [json.loads(entry) for entry in read_entries(0, size, self.proof_log.fetch)]


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.make()
    return made


def test_old_receipts_hold_after_both_keys_were_turned(directory: DataDirectory) -> None:
    proof = Proof(directory)
    old = proof.issue(NOW)
    proof.turn(KeyRole.RECEIPTS, NOW + 60)
    proof.turn(KeyRole.LOG, NOW + 120)
    new = proof.issue(NOW + 180)
    for keys in (proof.answer_keys(), Proof(directory).answer_keys()):
        assert check_receipt(old, keys).receipt.minute_unix == to_minute(NOW)
        assert check_receipt(new, keys).index == 5
        with pytest.raises(EcholessError, match="none of these"):
            check_receipt(new, keys | {"keys": keys["keys"][1:]})


def test_the_log_says_which_key_follows_which(directory: DataDirectory) -> None:
    proof = Proof(directory)
    proof.turn(KeyRole.RECEIPTS, NOW + 61)
    first, of_log, turned = proof.entries()
    keys = proof.keys.receipt_keys()
    assert first == {"kind": "key", "minute_unix": NOW, "role": "receipts", "key": keys[1]["kid"], "ended": ""}
    assert (of_log["role"], of_log["key"]) == ("log", proof.proof_log.verifier.text)
    assert (turned["key"], turned["ended"], turned["minute_unix"]) == (keys[0]["kid"], keys[1]["kid"], NOW + 60)
    assert (keys[1]["exp"], keys[1]["ended_by_entry"]) == (NOW + 61, 2)
    Proof(directory)
    assert len(proof.entries()) == 3


def stolen(directory: DataDirectory, tmp_path: Path) -> KeptKey:
    """A copy of the key of receipts, made before it ended."""
    elsewhere = DataDirectory(tmp_path / "thief")
    elsewhere.make()
    (elsewhere.keys / "receipts.key").write_bytes((directory.keys / "receipts.key").read_bytes())
    return KeySafe().open(elsewhere, KeyRole.RECEIPTS)


def test_a_receipt_dated_after_the_end_of_its_key_is_refused(directory: DataDirectory, tmp_path: Path) -> None:
    """Whoever stole a key that has ended signs nothing that is believed: not later, and not dated back."""
    proof = Proof(directory)
    thief = stolen(directory, tmp_path)
    proof.turn(KeyRole.RECEIPTS, NOW + 60)
    late, dated_back = proof.issue(NOW + 120, thief), proof.issue(NOW, thief)
    for forged in (late, dated_back):
        with pytest.raises(EcholessError, match="after its key had ended"):
            check_receipt(forged, proof.answer_keys())
    # Of one that is shown without its place in the log only the date can be judged.
    assert check_receipt({"receipt": dated_back["receipt"]}, proof.answer_keys()).index is None
    with pytest.raises(EcholessError, match="after its key had ended"):
        check_receipt({"receipt": late["receipt"]}, proof.answer_keys())


def test_the_checkpoint_of_a_turn_is_signed_by_both_keys_and_later_ones_by_the_new_one(
    directory: DataDirectory,
) -> None:
    proof = Proof(directory)
    proof.issue(NOW)
    before = proof.proof_log.verifier
    proof.turn(KeyRole.LOG, NOW + 60)
    at_turn, after = proof.proof_log.note(), proof.proof_log.verifier
    assert open_checkpoint(at_turn, before) == open_checkpoint(at_turn, after) == proof.proof_log.state
    proof.issue(NOW + 60)
    with pytest.raises(EcholessError, match="not signed"):
        open_checkpoint(proof.proof_log.note(), before)
    assert check_log(proof.proof_log.note(), proof.proof_log.fetch, after).is_sound
    again = Proof(directory)
    assert again.proof_log.state == proof.proof_log.state


def test_a_key_of_the_log_that_has_ended_signs_no_larger_checkpoint(
    directory: DataDirectory, tmp_path: Path
) -> None:
    """Whoever stole it cannot go on with the log."""
    proof = Proof(directory)
    elsewhere = DataDirectory(tmp_path / "thief")
    elsewhere.make()
    (elsewhere.keys / "transparency_log.key").write_bytes((directory.keys / "transparency_log.key").read_bytes())
    thief = KeySafe().open(elsewhere, KeyRole.LOG)
    proof.turn(KeyRole.LOG, NOW + 60)
    log_keys = LogKeys.parse(proof.answer_keys())
    assert log_keys.open(proof.proof_log.note()).size == 3
    forked = ProofLog(directory.root / "log", ORIGIN, thief, [proof.keys.log.public_key().public_bytes_raw()])
    forked.append([b"another end"])
    with pytest.raises(EcholessError, match="had ended"):
        log_keys.open(forked.note())


def test_a_file_from_before_a_turn_that_was_put_back_begins_no_second_time(directory: DataDirectory) -> None:
    proof = Proof(directory)
    before = (directory.keys / "receipts.key").read_bytes()
    proof.turn(KeyRole.RECEIPTS, NOW + 60)
    (directory.keys / "receipts.key").write_bytes(before)
    again = Proof(directory, NOW + 120)
    keys = again.keys.receipt_keys()
    assert len({key["kid"] for key in keys}) == 3
    assert [("exp" in key) for key in keys] == [False, True, True]
    assert check_receipt(again.issue(NOW + 180), again.answer_keys()).index == 4


def test_a_ring_that_is_full_keeps_the_old_key(directory: DataDirectory) -> None:
    proof = Proof(directory)
    rows = [{"role": "log", "public": base64.b64encode(bytes(32)).decode(), "begun_unix": 1, "ended_unix": 2}] * 199
    rows[:0] = json.loads((directory.keys / RING_FILE).read_bytes())
    (directory.keys / RING_FILE).write_bytes(json.dumps(rows).encode())
    full = Proof(directory)
    with pytest.raises(EcholessError, match="so many"):
        full.turn(KeyRole.RECEIPTS, NOW + 60)
    assert full.keys.receipt_keys()[0]["kid"] == proof.keys.receipt_keys()[0]["kid"]
    assert isinstance(full.proof_log.verifier, VerifierKey)
    full.issue(NOW + 60)
