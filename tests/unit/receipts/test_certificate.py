"""The deletion certificate and its check."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from echoless.core.errors import EcholessError
from echoless.receipts.certificate import CERTIFICATE_TYPE, CertificateSigner, is_statement, verify_certificate

pytestmark = pytest.mark.unit
STATEMENT: dict[str, Any] = {
    "certificate_id": "c" * 20,
    "workspace_id": "w" * 20,
    "requested_by": "owner",
    "requested_unix": 1_800_000_000,
    "began_unix": 1_800_000_001,
    "finished_unix": 1_800_000_002,
    "destroyed": {"history": 3, "api_keys": 1},
    "remaining": 0,
    "backups_expire_unix": 1_802_592_002,
    "kept": ["certificate", "erasure_ledger"],
}


@pytest.fixture
def signer() -> CertificateSigner:
    return CertificateSigner(bytes(range(32)))


@pytest.mark.claim("Z28")
def test_a_certificate_is_checked_with_the_public_key_alone(signer: CertificateSigner) -> None:
    """C54: a signed certificate lists what was destroyed, by class and count."""
    public = signer.public_key
    assert "d" not in public
    assert verify_certificate(signer.sign(STATEMENT) + "\n", public) == STATEMENT


@pytest.mark.claim("Z28")
def test_no_byte_of_a_certificate_can_be_changed(signer: CertificateSigner) -> None:
    certificate = signer.sign(STATEMENT)
    for place in range(0, len(certificate), 7):
        other = "A" if certificate[place] != "A" else "B"
        changed = certificate[:place] + other + certificate[place + 1 :]
        with pytest.raises(EcholessError):
            verify_certificate(changed, signer.public_key)


def test_the_key_of_another_server_does_not_fit(signer: CertificateSigner) -> None:
    other = CertificateSigner(bytes(32)).public_key
    with pytest.raises(EcholessError, match="none of these"):
        verify_certificate(signer.sign(STATEMENT), other)


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "{}", "é" * 10])
def test_what_is_no_certificate_is_refused_as_such(signer: CertificateSigner, text: str) -> None:
    with pytest.raises(EcholessError):
        verify_certificate(text, signer.public_key)


@pytest.mark.parametrize("key", [{}, {"kty": "OKP", "crv": "Ed25519"}, {"kty": "RSA", "crv": "x", "x": "y"}])
def test_what_is_no_key_is_refused_as_such(signer: CertificateSigner, key: dict[str, str]) -> None:
    with pytest.raises(EcholessError):
        verify_certificate(signer.sign(STATEMENT), key)


def test_the_same_key_signing_something_else_makes_no_certificate(signer: CertificateSigner) -> None:
    seed = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": signer.public_key["x"], "d": seed})

    def signed(payload: bytes, kind: str) -> str:
        header = {"alg": "Ed25519", "typ": kind, "kid": signer.public_key["kid"]}
        return jws.serialize_compact(header, payload, key, algorithms=["Ed25519"])

    whole = json.dumps(STATEMENT, sort_keys=True, separators=(",", ":")).encode()
    assert verify_certificate(signed(whole, CERTIFICATE_TYPE), signer.public_key)
    for payload, kind, reason in (
        (whole, "receipt", "another kind"), (b"[]", CERTIFICATE_TYPE, "canonical"),
        (b"{}", CERTIFICATE_TYPE, "no deletion certificate"),
    ):  # fmt: skip
        with pytest.raises(EcholessError, match=reason):
            verify_certificate(signed(payload, kind), signer.public_key)
    with pytest.raises(EcholessError, match="canonical"):
        verify_certificate(signed(json.dumps(STATEMENT).encode(), CERTIFICATE_TYPE), signer.public_key)


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "somebody@example.org"}, {"workspace_id": "somebody@example.org"}, {"destroyed": {"a b": 1}},
        {"destroyed": {"history": -1}}, {"destroyed": {"history": True}}, {"requested_unix": 1.5}, {"kept": [1]},
        {"requested_by": ""},
    ],
)  # fmt: skip
@pytest.mark.claim("Z28")
def test_a_certificate_has_no_place_for_an_address_or_a_name(change: dict[str, Any]) -> None:
    assert is_statement(STATEMENT)
    assert not is_statement(STATEMENT | change)
