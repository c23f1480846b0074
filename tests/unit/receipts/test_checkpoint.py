"""Checkpoints are notes of C2SP signed-note; forged, foreign and cut ones are refused (C9)."""

from __future__ import annotations

import base64
from collections.abc import Callable

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


# A checkpoint of the Go checksum database, as transparency-dev/witness publishes it with two witnesses' signatures.
SUM_DB = (
    "go.sum database tree\n15081221\nBoMMe1wd25Tco0mYGROkyqxHZWx+hcSCtMV315Lu6Lg=\n\n"
    "— sum.golang.org "
    "Az3grilD7vQqTrv66jRgKM84Y80KTprrSt4bKmiOPxgmS5ZVBTeCl6dUvjYnN13R+C8j0jGY1WnUADGMkok3U0m2Zgo=\n"
    "— test.example.com "
    "qTGhC3917mAr6hGh+T55tNjxaej/D/GQivJZRIj7XGdAcQOTqfMWIPgp/v/904LEduN/h2sSRtHUJXUL4b9Gm7Bz4Qc=\n"
    "— test.example.com "
    "/Pa7Y/dUvWMAAAAAQVwkQVi81ArPV7BIaQYrMIxyzY0m8a4BdeeBhSKd3PviPK4/3Sd+NKSc5N7PDTCfAkUSVniN+R2oKIggA4iiDQ==\n"
)


def test_a_checkpoint_of_a_log_that_is_not_ours_has_a_good_signature() -> None:
    """C2SP signed-note: signatures of unknown keys are passed over."""
    key = VerifierKey.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    # Its origin is not its key's name, which is the one thing that this program asks for besides.
    with pytest.raises(EcholessError, match="of another log"):
        open_checkpoint(SUM_DB, key)
    for old, new in (("15081221", "15081222"), ("BoMMe", "BoMMf"), ("Az3grilD", "Az3grilE")):
        with pytest.raises(EcholessError, match="not signed"):
            open_checkpoint(SUM_DB.replace(old, new), key)


def test_published_keys_of_witnesses_are_read() -> None:
    """From the tests of transparency-dev/formats: a native cosignature/v1 key, and one of an ordinary signer."""
    native = VerifierKey.parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
    assert (native.is_witness, native.key_id.hex()) == (True, "da77ade7")
    plain = VerifierKey.parse("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6")
    assert not plain.is_witness
    for text in (
        "bananas.sigstore.dev+12344556", "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
        "rekor.sigstore.dev+12345678+AwEB", "TEST+00000000+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
    ):  # fmt: skip
        with pytest.raises(EcholessError):
            VerifierKey.parse(text)


def test_a_cosignature_has_its_time_and_signs_every_line() -> None:
    """C2SP tlog-cosignature: eight bytes of time before the signature, which covers extension lines too."""
    extended = f"{STATE.text}extension\n"
    note = cosign(f"{extended}\n", WITNESS.name, OTHER, 1_679_315_147)
    line = note.splitlines()[-1]
    data = base64.b64decode(line.rpartition(" ")[2])
    assert (data[:4], int.from_bytes(data[4:12], "big"), len(data)) == (WITNESS.key_id, 1_679_315_147, 76)
    OTHER.public_key().verify(data[12:], f"cosignature/v1\ntime 1679315147\n{extended}".encode())


def test_one_bad_signature_of_a_known_key_spoils_the_note() -> None:
    note = sign_checkpoint(STATE, KEY)
    bad = sign_checkpoint(Checkpoint(STATE.origin, 43, STATE.root), KEY).rpartition("\n\n")[2]
    assert open_checkpoint(note + sign_checkpoint(STATE, OTHER).rpartition("\n\n")[2], VERIFIER) == STATE
    with pytest.raises(EcholessError, match="not signed"):
        open_checkpoint(note + bad, VERIFIER)


@pytest.mark.parametrize("character", ["\r", "\t", "\0", "\x1b"])
def test_a_note_has_no_control_characters(character: str) -> None:
    text = f"{STATE.text}x{character}\n"
    signature = VERIFIER.key_id + KEY.sign(text.encode())
    note = f"{text}\n— {STATE.origin} {base64.b64encode(signature).decode()}\n"
    with pytest.raises(EcholessError, match="A checkpoint is a text"):
        open_checkpoint(note, VERIFIER)


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


@pytest.mark.parametrize(
    "spoilt",
    [lambda note: note[:-1], lambda note: note + "\ud800\n", lambda note: note.replace("\n42\n", "\n\ud800\n")],
)
def test_a_note_that_does_not_end_or_is_no_text_is_refused(spoilt: Callable[[str], str]) -> None:
    """The signature that a witness adds would else become a part of the log's."""
    with pytest.raises(EcholessError, match="text, an empty line"):
        open_checkpoint(spoilt(sign_checkpoint(STATE, KEY)), VERIFIER)


def test_a_size_of_thousands_of_digits_and_a_key_that_is_no_text_are_refused() -> None:
    digits = Checkpoint(STATE.origin, 7, STATE.root).text.replace("\n7\n", "\n" + "7" * 5000 + "\n")
    line = base64.b64encode(VERIFIER.key_id + KEY.sign(digits.encode())).decode()
    with pytest.raises(EcholessError, match="no origin, size or root"):
        open_checkpoint(f"{digits}\n— {STATE.origin} {line}\n", VERIFIER)
    with pytest.raises(EcholessError, match="no verifier key"):
        VerifierKey.parse("\ud800" + VERIFIER.text)


def test_a_witness_replaces_what_bears_its_name() -> None:
    once = cosign(sign_checkpoint(STATE, KEY), WITNESS.name, OTHER, 1)
    twice = cosign(once, WITNESS.name, OTHER, 2)
    assert twice.count(f"— {WITNESS.name} ") == 1
    assert open_checkpoint(twice, VERIFIER, [WITNESS]) == STATE
