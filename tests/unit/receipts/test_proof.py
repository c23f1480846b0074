"""A receipt is believed for its signature, and its entry for the root of a signed checkpoint (C8, C9)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import StatementSigner
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = pytest.mark.unit
SIGNER = StatementSigner(bytes(range(32)))
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "log.example"
KEYS: dict[str, Any] = {
    "keys": [SIGNER.public_key],
    "log_key": VerifierKey(ORIGIN, LOG_KEY.public_key().public_bytes_raw()).text,
}
SALT = b"0123456789abcdef"
SIGNED = SIGNER.sign(RECEIPT_KIND, RECEIPT.statement())


def no_file(_path: str) -> None:
    """A new log."""


def answer(salt: bytes = SALT, origin: str = ORIGIN) -> dict[str, Any]:
    entries = [b"before", committed_entry(EntryKind.RECEIPT, SALT, SIGNED), b"after"]
    growth = append_entries(0, entries, no_file)
    note = sign_checkpoint(Checkpoint(origin, growth.size, growth.root), LOG_KEY)
    proof = inclusion_proof(1, 3, HashReader(3, growth.files.get).hash_at)
    inclusion = {"index": 1, "checkpoint": note, "proof": [base64.b64encode(part).decode() for part in proof]}
    return {"receipt": SIGNED, "salt": base64.b64encode(salt).decode(), "inclusion": inclusion}


def test_a_receipt_holds_with_its_place_in_the_log_and_without() -> None:
    whole = check_receipt(answer(), KEYS)
    assert (whole.receipt, whole.index) == (RECEIPT, 1)
    assert whole.checkpoint is not None
    assert whole.checkpoint.size == 3
    alone = check_receipt({"receipt": SIGNED}, KEYS)
    assert (alone.receipt, alone.index, alone.checkpoint) == (RECEIPT, None, None)


def changed(**inclusion: Any) -> dict[str, Any]:
    whole = answer()
    return whole | {"inclusion": whole["inclusion"] | inclusion}


@pytest.mark.parametrize(
    ("forged", "keys"),
    [
        (answer(salt=b"another salt...."), KEYS),
        (answer(origin="other.example"), KEYS),
        (changed(index=0), KEYS),
        (changed(index="1"), KEYS),
        (changed(proof=[]), KEYS),
        (changed(proof=["!"]), KEYS),
        (changed(checkpoint=""), KEYS),
        (answer() | {"inclusion": "yes"}, KEYS),
        (answer() | {"receipt": None}, KEYS),
        (answer() | {"receipt": SIGNED[:-8] + "AAAAAAAA"}, KEYS),
        (answer(), {}),
        (answer(), KEYS | {"log_key": ""}),
        (answer(), KEYS | {"keys": []}),
    ],
)
def test_what_does_not_hold_is_refused(forged: dict[str, Any], keys: dict[str, Any]) -> None:
    with pytest.raises(EcholessError):
        check_receipt(forged, keys)


def test_a_key_that_has_ended_since_is_said() -> None:
    """Without its place in the log nothing tells a receipt from one that was signed and dated back later."""
    ended = KEYS | {"keys": [key | {"exp": RECEIPT.minute_unix + 60, "ended_by_entry": 2} for key in KEYS["keys"]]}
    assert check_receipt({"receipt": SIGNED}, ended).has_ended_key
    assert check_receipt(answer(), ended).has_ended_key
    assert not check_receipt(answer(), KEYS).has_ended_key
