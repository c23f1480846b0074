"""Forged, cut, reordered, re-signed, expired-key and wrong-log receipts are each refused by name (C8, C9, T42).

The names are those of docs/RECEIPTS.md.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.audit_statement import AUDIT_KIND
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import RECEIPT_KIND, Receipt
from echoless.receipts.signing import StatementSigner
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z31")]
DOCS: Final = Path(__file__).parents[3] / "docs" / "RECEIPTS.md"
SEED, OLD_SEED = bytes(range(32)), b"o" * 32
SIGNER, OLD, STRANGER = StatementSigner(SEED), StatementSigner(OLD_SEED), StatementSigner(b"s" * 32)
LOG_KEY, OLD_LOG_KEY, OTHER_LOG_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
ORIGIN = "log.example"
SALT = b"0123456789abcdef"
# The old key of receipts ended by entry 4, the old key of the log with a log of 5 entries.
ENDED_UNIX = RECEIPT.minute_unix + 90
PLACE, SIZE = 3, 7


def verifier(key: Ed25519PrivateKey) -> str:
    return VerifierKey(ORIGIN, key.public_key().public_bytes_raw()).text


KEYS: dict[str, Any] = {
    "keys": [
        SIGNER.public_key | {"nbf": ENDED_UNIX},
        OLD.public_key | {"nbf": 0, "exp": ENDED_UNIX, "ended_by_entry": 4},
    ],
    "log_key": verifier(LOG_KEY),
    "log_keys": [{"key": verifier(LOG_KEY), "nbf": 1}, {"key": verifier(OLD_LOG_KEY), "exp": 1, "size_max": 5}],
}


def signed_by(signer: StatementSigner, receipt: Receipt = RECEIPT) -> str:
    return signer.sign(RECEIPT_KIND, receipt.statement())


def answer(
    signed: str, *, place: int = PLACE, size: int = SIZE, key: Ed25519PrivateKey = LOG_KEY, origin: str = ORIGIN
) -> dict[str, Any]:
    entries = [b"entry %d" % number for number in range(size)]
    entries[place] = committed_entry(EntryKind.RECEIPT, SALT, signed)
    growth = append_entries(0, entries, lambda _: None)
    proof = inclusion_proof(place, size, HashReader(size, growth.files.get).hash_at)
    return {
        "receipt": signed,
        "salt": _base64(SALT),
        "inclusion": {
            "index": place,
            "checkpoint": sign_checkpoint(Checkpoint(origin, size, growth.root), key),
            "proof": [_base64(part) for part in proof],
        },
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


WHOLE = answer(signed_by(SIGNER))
SIGNED = signed_by(SIGNER)


def with_proof(change: Any) -> dict[str, Any]:
    return WHOLE | {"inclusion": WHOLE["inclusion"] | {"proof": change(WHOLE["inclusion"]["proof"])}}


def changed_in(part: int) -> str:
    parts = SIGNED.split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    return ".".join(parts)


def reordered() -> str:
    """The true key signs the members in another order: another text for the same receipt."""
    statement = dict(reversed(RECEIPT.statement().items()))
    head = SIGNED.partition(".")[0]
    text = f"{head}.{_base64url(json.dumps(statement, separators=(',', ':')).encode())}"
    return f"{text}.{_base64url(Ed25519PrivateKey.from_private_bytes(SEED).sign(text.encode()))}"


def under_another_name() -> str:
    """A stranger's signature with the name of our key."""
    text = SIGNED.rpartition(".")[0]
    return f"{text}.{_base64url(Ed25519PrivateKey.from_private_bytes(b's' * 32).sign(text.encode()))}"


LATE = msgspec.structs.replace(RECEIPT, minute_unix=RECEIPT.minute_unix + 120)
FORGERIES: Final = {
    "forged": ({"receipt": changed_in(1)}, "the signature does not fit"),
    "signature-changed": ({"receipt": changed_in(2)}, "the signature does not fit"),
    "in-our-name": ({"receipt": under_another_name()}, "the signature does not fit"),
    "truncated": ({"receipt": SIGNED[: SIGNED.rfind(".") - 10]}, "it is no compact JWS, or not all of one"),
    "signature-cut": ({"receipt": SIGNED[:-3]}, "the signature does not fit"),
    "re-signed": (answer(signed_by(STRANGER)), "the key that it names is none of these"),
    "reordered-members": ({"receipt": reordered()}, "what is signed is not in canonical form"),
    "another-kind": (
        {"receipt": SIGNER.sign(AUDIT_KIND, RECEIPT.statement())},
        "it is a statement of another kind",
    ),
    "free-words": (
        {"receipt": signed_by(SIGNER, msgspec.structs.replace(RECEIPT, error_code="Said was: yes!"))},
        "What is signed is no receipt of this version.",
    ),
    "dated-late": ({"receipt": signed_by(OLD, LATE)}, "it is dated after its key had ended"),
    "entered-late": (answer(signed_by(OLD), place=4), "it is dated after its key had ended"),
    "proof-reordered": (
        with_proof(lambda parts: parts[::-1]),
        "the log does not have it where the answer says",
    ),
    "proof-cut": (with_proof(lambda parts: parts[:-1]), "the log does not have it where the answer says"),
    "other-salt": (
        WHOLE | {"salt": _base64(b"another salt....")},
        "the log does not have it where the answer says",
    ),
    "other-log": (answer(SIGNED, origin="other.example"), "the checkpoint is of another log"),
    "ended-log-key": (
        answer(SIGNED, key=OLD_LOG_KEY),
        "the checkpoint is signed by a key of the log that had ended",
    ),
    "stranger's-log": (answer(SIGNED, key=OTHER_LOG_KEY), "is not signed by the key"),
}


def test_the_true_ones_hold() -> None:
    """Else every forgery below would be refused for no reason of its own."""
    assert check_receipt(WHOLE, KEYS).index == PLACE
    assert check_receipt(answer(signed_by(OLD)), KEYS).index == PLACE
    assert check_receipt(answer(SIGNED, size=5, key=OLD_LOG_KEY), KEYS).index == PLACE
    assert json.loads(rfc8785.dumps(RECEIPT.statement())) == RECEIPT.statement()


@pytest.mark.parametrize("name", FORGERIES)
def test_each_forgery_is_refused_by_its_name(name: str) -> None:
    forged, words = FORGERIES[name]
    with pytest.raises(EcholessError, match=re.escape(words)):
        check_receipt(forged, KEYS)


def test_the_page_has_these_words() -> None:
    page = DOCS.read_text("utf-8")
    said = set(re.findall(r"\| `([^`]+)` \|$", page, re.MULTILINE))
    assert said == {words for _, words in FORGERIES.values()} - {"is not signed by the key"}


def test_no_byte_of_a_receipt_can_be_changed() -> None:
    """C8: tampering with any byte."""
    for place in range(len(SIGNED)):
        forged = SIGNED[:place] + chr(ord(SIGNED[place]) ^ 1) + SIGNED[place + 1 :]
        with pytest.raises(EcholessError):
            check_receipt({"receipt": forged}, KEYS)


@pytest.mark.parametrize(
    "end", [{"exp": "soon"}, {"exp": 1.5}, {"ended_by_entry": 4}, {"exp": 1, "ended_by_entry": "x"}]
)
def test_the_end_of_a_key_that_cannot_be_read_is_no_end_to_pass_over(end: dict[str, Any]) -> None:
    with pytest.raises(EcholessError, match="cannot be read"):
        check_receipt(WHOLE, KEYS | {"keys": [SIGNER.public_key | end]})
