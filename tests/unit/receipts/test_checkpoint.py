"""Checkpoints are notes of C2SP signed-note; forged, foreign and cut ones are refused (C9)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign, open_checkpoint, sign_checkpoint

pytestmark = pytest.mark.unit
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
STATE = Checkpoint("log.example/echoless", 42, bytes(range(32)))
VERIFIER = VerifierKey(STATE.origin, KEY.public_key().public_bytes_raw())
WITNESS = VerifierKey("witness.example", OTHER.public_key().public_bytes_raw(), is_witness=True)


def test_the_note_of_the_specification_is_read() -> None:
    """The signed note that golang.org/x/mod/sumdb/note publishes as its example."""
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert key.key_id.hex() == "c74f20a3"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    note = text + (
        "\n— PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    # The signature is good; what is signed is no checkpoint.
    with pytest.raises(EcholessError, match="no origin, size or root"):
        open_checkpoint(note, key)
    with pytest.raises(EcholessError, match="not signed"):
        open_checkpoint(note.replace("answer", "Answer"), key)


def test_a_checkpoint_comes_back_as_it_was_signed() -> None:
    note = sign_checkpoint(STATE, KEY)
    assert note.startswith("log.example/echoless\n42\n")
    assert open_checkpoint(note, VERIFIER) == STATE


def test_a_witness_signs_beside_the_log_with_its_time() -> None:
    note = cosign(sign_checkpoint(STATE, KEY), WITNESS.name, OTHER, 1_700_000_000)
    assert open_checkpoint(note, VERIFIER, [WITNESS]) == STATE
    with pytest.raises(EcholessError, match="not signed"):
        open_checkpoint(sign_checkpoint(STATE, KEY), VERIFIER, [WITNESS])
    # The time is signed too: bytes 4 to 11 of the witness's signature.
    forged = cosign(sign_checkpoint(STATE, KEY), WITNESS.name, OTHER, 1_700_000_001)
    line = forged.splitlines()[-1]
    assert line != note.splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new"), [("42", "43"), ("log.example", "log.elsewhere"), ("AAECAw", "AAECBA"), ("— ", "- ")]
)
def test_a_changed_note_is_refused(old: str, new: str) -> None:
    note = sign_checkpoint(STATE, KEY)
    assert old in note
    with pytest.raises(EcholessError):
        open_checkpoint(note.replace(old, new, 1), VERIFIER)


def test_every_flipped_bit_is_noticed() -> None:
    note = sign_checkpoint(STATE, KEY).encode()
    for place in range(len(note)):
        flipped = bytearray(note)
        flipped[place] ^= 1
        try:
            text = flipped.decode()
        except UnicodeDecodeError:
            continue
        try:
            assert open_checkpoint(text, VERIFIER) == STATE, f"byte {place}"
        except EcholessError:
            continue
        # The one that may pass: the last line's end.
        assert place == len(note) - 1


def test_another_key_another_log_and_another_kind_are_refused() -> None:
    signed_by_other = sign_checkpoint(STATE, OTHER)
    foreign = sign_checkpoint(Checkpoint("other.example", 42, STATE.root), KEY)
    for note in (signed_by_other, foreign, "", "\n\n", STATE.text, STATE.text + "\n"):
        with pytest.raises(EcholessError):
            open_checkpoint(note, VERIFIER)


@pytest.mark.parametrize("size", ["042", "-1", "4 2", "", "٤"])
def test_a_size_is_a_plain_number(size: str) -> None:
    note = sign_checkpoint(Checkpoint(f"{STATE.origin}\n{size}\nx", 1, STATE.root), KEY)
    with pytest.raises(EcholessError):
        open_checkpoint(note, VERIFIER)


def test_keys_are_handed_out_as_text_and_read_back() -> None:
    for key in (VERIFIER, WITNESS):
        assert VerifierKey.parse(key.text) == key
    for text in ("", "name", VERIFIER.text[:-4], VERIFIER.text.replace("log", "lag"), "a+00000000+AAAA"):
        with pytest.raises(EcholessError):
            VerifierKey.parse(text)
