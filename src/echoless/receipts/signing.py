"""Signed statements: canonical JSON in a compact JWS with Ed25519, which any JOSE library can check.

A statement names its type in the header, so that one kind can never pass for another.
source: RFC 7515 (JWS), RFC 8037 and RFC 9864 (Ed25519), RFC 8785 (canonical JSON), RFC 7638 (key ids)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from echoless.core.errors import EcholessError, ErrorCode

SEED_BYTES: Final = 32
_ALGORITHM: Final = "Ed25519"
_STATEMENT_BYTES_MAX: Final = 64 * 1024


class StatementSigner:
    """Signs with one key; prints as nothing."""

    def __init__(self, seed: bytes) -> None:
        key = Ed25519PrivateKey.from_private_bytes(seed)
        self._key = OKPKey.import_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.key_id = self._key.thumbprint()

    def __repr__(self) -> str:
        return "<StatementSigner>"

    @property
    def public_key(self) -> dict[str, str]:
        """The public half as a JSON Web Key, with its id."""
        members = {name: str(value) for name, value in self._key.as_dict(private=False).items()}
        return members | {"kid": self.key_id, "alg": _ALGORITHM, "use": "sig"}

    def sign(self, kind: str, statement: Mapping[str, Any]) -> str:
        """Return a statement as a compact JWS.

        kind: goes into the header as `typ`
        """
        header = {"alg": _ALGORITHM, "kid": self.key_id, "typ": kind}
        return jws.serialize_compact(header, rfc8785.dumps(dict(statement)), self._key, algorithms=[_ALGORITHM])


def verify_statement(kind: str, signed: str, public_keys: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a statement once its signature, its kind and its canonical form are right.

    public_keys: JSON Web Keys, of which the one that the header names must have signed
    raises:      EcholessError(INVALID_PARAMETERS) naming what is wrong
    """
    if len(signed) > _STATEMENT_BYTES_MAX:
        raise _wrong("it is too long")
    key_id, found_kind = _header(signed)
    keys = [key for key in map(_imported, public_keys) if key.thumbprint() == key_id]
    if not keys:
        raise _wrong("the key that it names is none of these")
    payload = _opened(signed, keys[0])
    if payload is None:
        raise _wrong("the signature does not fit")
    if found_kind != kind:
        raise _wrong("it is a statement of another kind")
    statement = json.loads(payload)
    if not isinstance(statement, dict) or rfc8785.dumps(statement) != payload:
        raise _wrong("what is signed is not in canonical form")
    return statement


def _header(signed: str) -> tuple[str, str]:
    try:
        header = jws.extract_compact(signed.strip().encode("ascii")).headers()
        return str(header.get("kid", "")), str(header.get("typ", ""))
    except (JoseError, ValueError, TypeError, AttributeError):
        pass
    raise _wrong("it is no compact JWS")


def _imported(public_key: Mapping[str, Any]) -> OKPKey:
    try:
        # Of a key only what makes it one: a private member must not get in.
        return OKPKey.import_key({name: public_key[name] for name in ("kty", "crv", "x")})
    except (JoseError, ValueError, KeyError, TypeError):
        pass
    raise _wrong("a public key cannot be read")


def _opened(signed: str, key: OKPKey) -> bytes | None:
    try:
        return bytes(jws.deserialize_compact(signed.strip(), key, algorithms=[_ALGORITHM]).payload or b"")
    except (JoseError, ValueError):
        return None


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The statement does not hold: {reason}.")
