"""A checkpoint is believed for the key of its time: of this log, and not for one that had ended (C9)."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign, sign_checkpoint
from echoless.receipts.log_keys import LogKeys

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
ORIGIN = "log.example"
OLD, NEW, WITNESS = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3))


def verifier(key: Ed25519PrivateKey, name: str = ORIGIN, *, is_witness: bool = False) -> VerifierKey:
    return VerifierKey(name, key.public_key().public_bytes_raw(), is_witness=is_witness)


ANSWER: dict[str, Any] = {
    "log_key": verifier(NEW).text,
    "log_keys": [{"key": verifier(NEW).text, "nbf": 2}, {"key": verifier(OLD).text, "exp": 2, "size_max": 5}],
}


def note(size: int, key: Ed25519PrivateKey, origin: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin, size, bytes(32)), key)


def test_each_key_is_believed_for_its_own_time() -> None:
    keys = LogKeys.parse(ANSWER)
    assert keys.open(note(5, OLD)).size == 5
    assert keys.open(note(6, NEW)).size == 6
    assert keys.open(note(5, OLD) + note(5, NEW).partition("\n\n")[2]).size == 5
    with pytest.raises(EcholessError, match="had ended"):
        keys.open(note(6, OLD))


def test_without_a_list_there_is_the_one_key() -> None:
    keys = LogKeys.parse({"log_key": ANSWER["log_key"]})
    assert keys.open(note(1, NEW)).size == 1
    with pytest.raises(EcholessError, match="not signed"):
        keys.open(note(1, OLD))


def test_another_log_is_named_as_such() -> None:
    with pytest.raises(EcholessError, match="another log"):
        LogKeys.parse(ANSWER).open(note(5, NEW, "other.example"))


def test_a_witness_must_have_signed_with_either_key() -> None:
    keys, name = LogKeys.parse(ANSWER), "witness.example"
    witness = verifier(WITNESS, name, is_witness=True)
    for key in (OLD, NEW):
        assert keys.open(cosign(note(5, key), name, WITNESS, 1), [witness]).size == 5
        with pytest.raises(EcholessError, match="not signed"):
            keys.open(note(5, key), [witness])


@pytest.mark.parametrize(
    "listed",
    [
        "all",
        [1],
        [{}],
        [{"key": verifier(OLD).text}],
        [{"key": verifier(OLD).text, "size_max": True}],
        [{"key": verifier(OLD, "other.example").text, "size_max": 5}],
    ],
)
def test_what_is_no_list_of_keys_is_refused(listed: Any) -> None:
    with pytest.raises(EcholessError):
        LogKeys.parse(ANSWER | {"log_keys": listed})
