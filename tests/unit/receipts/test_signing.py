"""A statement is believed only as it was signed: by a known key, as its own kind, in canonical form (C8)."""

from __future__ import annotations

import base64
import json
from contextlib import AbstractContextManager
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from echoless.core.errors import EcholessError
from echoless.receipts.signing import SeedKey, SigningKey, StatementSigner, verify_statement

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z31")]
KIND = "echoless-test+jws"
SEED = bytes(range(32))
SIGNER = StatementSigner(SEED)
STATEMENT: dict[str, Any] = {"b": [1, True, None], "a": {"word": "é"}}
SIGNED = SIGNER.sign(KIND, STATEMENT)
KEYS = [StatementSigner(bytes(32)).public_key, SIGNER.public_key]


def part(number: int) -> bytes:
    text = SIGNED.split(".")[number]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed_as(payload: bytes, **header: str) -> str:
    key = OKPKey.import_key(_pem(SEED))
    whole = {"alg": "Ed25519", "kid": SIGNER.key_id, "typ": KIND} | header
    return jws.serialize_compact(whole, payload, key, algorithms=["Ed25519"])


def _pem(seed: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def test_a_statement_comes_back_and_later_keys_do_not_change_that() -> None:
    assert verify_statement(KIND, SIGNED, KEYS) == STATEMENT
    assert verify_statement(KIND, SIGNED + "\n", KEYS[1:]) == STATEMENT


def test_what_is_signed_is_canonical_json_and_any_ed25519_library_agrees() -> None:
    assert part(1) == rfc8785.dumps(STATEMENT)
    assert json.loads(part(0)) == {"alg": "Ed25519", "kid": SIGNER.key_id, "typ": KIND}
    message = SIGNED.rpartition(".")[0].encode()
    Ed25519PrivateKey.from_private_bytes(SEED).public_key().verify(part(2), message)


def test_every_flipped_byte_is_noticed() -> None:
    for place in range(len(SIGNED)):
        flipped = SIGNED[:place] + chr(ord(SIGNED[place]) ^ 1) + SIGNED[place + 1 :]
        with pytest.raises(EcholessError):
            verify_statement(KIND, flipped, KEYS)


def test_bits_of_base64_that_mean_nothing_cannot_be_changed_either() -> None:
    """C8: 64 bytes leave four bits of the last character without a meaning."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(SIGNED[-1])
    for other in range(last - last % 16, last - last % 16 + 16):
        if other != last:
            with pytest.raises(EcholessError, match="no compact JWS"):
                verify_statement(KIND, SIGNED[:-1] + alphabet[other], KEYS)


@pytest.mark.parametrize("member", [{"crit": ["b64"], "b64": False}, {"jwk": SIGNER.public_key}, {"x": "y"}])
def test_a_header_with_more_than_its_three_members_is_refused(member: dict[str, Any]) -> None:
    """Another library may understand what this one passes over: an embedded key, a payload that is no base64."""
    header = {"alg": "Ed25519", "kid": SIGNER.key_id, "typ": KIND} | member
    text = ".".join(_encoded(each) for each in (json.dumps(header).encode(), rfc8785.dumps(STATEMENT)))
    signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(text.encode())
    with pytest.raises(EcholessError, match=r"header|compact"):
        verify_statement(KIND, f"{text}.{_encoded(signature)}", KEYS)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_many_statements_are_signed_with_one_loading_of_the_key() -> None:
    loads: list[int] = []

    class Counted(SeedKey):
        def loaded(self) -> AbstractContextManager[SigningKey]:
            loads.append(1)
            return super().loaded()

    signed = StatementSigner(Counted(SEED)).sign_all(KIND, [STATEMENT] * 3)
    assert signed == [SIGNED] * 3
    assert loads == [1]


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (SIGNED.rpartition(".")[0] + ".", "signature"),
        ("", "no compact JWS"),
        ("a.b.c", "no compact JWS"),
        ("\u0660.b.c", "no compact JWS"),
        (SIGNED[: len(SIGNED) // 2], "no compact JWS"),
        ("x" * 70_000, "too long"),
        (signed_as(rfc8785.dumps(STATEMENT), typ="echoless-other+jws"), "another kind"),
        (signed_as(json.dumps(STATEMENT).encode()), "canonical"),
        (signed_as(rfc8785.dumps(STATEMENT), kid="of-nobody"), "none of these"),
        (signed_as(b"[]"), "canonical"),
    ],
)
def test_a_forged_statement_is_refused_with_its_reason(forged: str, reason: str) -> None:
    with pytest.raises(EcholessError, match=reason):
        verify_statement(KIND, forged, KEYS)


def test_a_public_key_is_not_taken_for_a_shared_secret() -> None:
    """The oldest trick with JOSE: a message authenticated with the text of the public key."""
    header = {"alg": "HS256", "kid": SIGNER.key_id, "typ": KIND}
    secret = OctKey.import_key(json.dumps(SIGNER.public_key))
    forged = jws.serialize_compact(header, rfc8785.dumps(STATEMENT), secret, algorithms=["HS256"])
    with pytest.raises(EcholessError, match="signature"):
        verify_statement(KIND, forged, KEYS)


def test_another_key_with_the_same_name_is_refused() -> None:
    impostor = {**StatementSigner(bytes(32)).public_key, "kid": SIGNER.key_id}
    with pytest.raises(EcholessError, match="none of these"):
        verify_statement(KIND, SIGNED, [impostor])
    for broken in ({}, {"kty": "OKP", "crv": "Ed25519", "x": "!"}, {"kty": "oct", "k": "AA"}):
        with pytest.raises(EcholessError, match="cannot be read"):
            verify_statement(KIND, SIGNED, [broken])


def test_the_signer_shows_neither_key_nor_seed() -> None:
    assert set(SIGNER.public_key) == {"kty", "crv", "x", "kid", "alg", "use"}
    assert SEED.hex() not in repr(SIGNER)
    assert repr(SIGNER) == "<StatementSigner>"
