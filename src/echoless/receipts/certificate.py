"""The deletion certificate: our signed word that everything of an account was destroyed.

It lists classes and counts, our own ids and times, never an e-mail address, a name or anything derived from
content. It is a compact JWS with Ed25519 over canonical JSON, so that anybody who has the public key can check it.
source: RFC 7515 (JWS), RFC 8037 and RFC 9864 (Ed25519), RFC 8785 (canonical JSON), RFC 7638 (key ids)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from echoless.core.errors import EcholessError, ErrorCode

CERTIFICATE_TYPE: Final = "echoless-deletion-certificate+jws"
SEED_BYTES: Final = 32
_ALGORITHM: Final = "Ed25519"
_MEMBERS: Final[Mapping[str, type]] = {
    "certificate_id": str,
    "workspace_id": str,
    "requested_by": str,
    "requested_unix": int,
    "began_unix": int,
    "finished_unix": int,
    "destroyed": dict,
    "remaining": int,
    "backups_expire_unix": int,
    "kept": list,
}
"""What a certificate states, all of it and nothing else."""


class CertificateSigner:
    """Signs certificates with one key."""

    def __init__(self, seed: bytes) -> None:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key = OKPKey.import_key(pem)

    @property
    def public_key(self) -> dict[str, str]:
        """The public half as a JSON Web Key, with its id."""
        members = {name: str(value) for name, value in self._key.as_dict(private=False).items()}
        return members | {"kid": self._key.thumbprint(), "alg": _ALGORITHM, "use": "sig"}

    def sign(self, statement: Mapping[str, Any]) -> str:
        """Return a certificate as a compact JWS.

        statement: exactly the members of a certificate, with their types
        """
        assert is_statement(statement), "a certificate states what its form allows, and all of it"
        header = {"alg": _ALGORITHM, "kid": self._key.thumbprint(), "typ": CERTIFICATE_TYPE}
        return jws.serialize_compact(header, rfc8785.dumps(dict(statement)), self._key, algorithms=[_ALGORITHM])


def verify_certificate(certificate: str, public_key: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a certificate states once its signature, form and canonical order are right.

    certificate: a compact JWS
    public_key:  a JSON Web Key
    raises:      EcholessError(INVALID_PARAMETERS) naming what is wrong
    """
    try:
        key = OKPKey.import_key({name: public_key[name] for name in ("kty", "crv", "x")})
        signed = jws.deserialize_compact(certificate.strip(), key, algorithms=[_ALGORITHM])
        has_type = signed.headers().get("typ") == CERTIFICATE_TYPE
        payload = bytes(signed.payload or b"")
        statement = json.loads(payload)
    except (JoseError, ValueError, KeyError):
        signed = None
    if signed is None:
        raise _wrong("the signature does not fit this text and this key")
    if not has_type or not isinstance(statement, dict) or not is_statement(statement):
        raise _wrong("what is signed is no deletion certificate")
    if rfc8785.dumps(statement) != payload:
        raise _wrong("what is signed is not in canonical order")
    return statement


def is_statement(members: Mapping[str, Any]) -> bool:
    """Whether members are exactly those of a certificate; counts are numbers by class, ids have no other signs."""
    if set(members) != set(_MEMBERS):
        return False
    if not all(type(members[name]) is kind for name, kind in _MEMBERS.items()):
        return False
    words = [members["certificate_id"], members["workspace_id"], members["requested_by"], *members["kept"]]
    counts = members["destroyed"]
    return all(isinstance(word, str) and _is_word(word) for word in (*words, *counts)) and all(
        type(count) is int and count >= 0 for count in counts.values()
    )


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text.replace("_", "").isalnum()


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The certificate does not hold: {reason}.")
