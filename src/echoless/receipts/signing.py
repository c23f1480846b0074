"""Signed statements: canonical JSON in a compact JWS with Ed25519, which any JOSE library can check.

A statement names its type in the header, so that one kind can never pass for another.
source: RFC 7515 (JWS), RFC 8037 and RFC 9864 (Ed25519), RFC 8785 (canonical JSON), RFC 7638 (key ids)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from typing import Any, Final, Protocol

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from echoless.core.errors import EcholessError, ErrorCode

SEED_BYTES: Final = 32
_ALGORITHM: Final = "Ed25519"
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})
_STATEMENT_BYTES_MAX: Final = 64 * 1024


class SigningKey(Protocol):
    """What signs: an Ed25519 key, wherever it lies."""

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        ...

    def sign(self, data: bytes, /) -> bytes:
        """Return the 64 bytes of a signature."""
        ...


class KeptKey(SigningKey, Protocol):
    """A key that is made ready for a moment, for many signatures."""

    def loaded(self) -> AbstractContextManager[SigningKey]:
        """Return what signs while the block runs."""
        ...


class SeedKey:
    """A key in the memory of whoever has its seed; prints as nothing."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        return self._private.public_key()

    def sign(self, data: bytes, /) -> bytes:
        """Return a signature."""
        return self._private.sign(data)

    @contextmanager
    def loaded(self) -> Iterator[SigningKey]:
        """Yield the key itself."""
        yield self._private


class Fault(StrEnum):
    """Why a statement does not hold."""

    TOO_LONG = "it is too long"
    NO_JWS = "it is no compact JWS, or not all of one"
    OTHER_HEADER = "its header is not that of a statement"
    UNKNOWN_KEY = "the key that it names is none of these"
    NO_KEY = "a public key cannot be read"
    FORGED = "the signature does not fit"
    OTHER_KIND = "it is a statement of another kind"
    NOT_CANONICAL = "what is signed is not in canonical form"
    EXPIRED_KEY = "it is dated after its key had ended"


class StatementSigner:
    """Signs with one key; prints as nothing.

    key: or the seed of one
    """

    def __init__(self, key: bytes | KeptKey) -> None:
        self._key: KeptKey = SeedKey(key) if isinstance(key, bytes) else key
        self.public_key = public_jwk(self._key.public_key().public_bytes_raw())
        self.key_id = self.public_key["kid"]

    def __repr__(self) -> str:
        return "<StatementSigner>"

    def sign(self, kind: str, statement: Mapping[str, Any]) -> str:
        """Return a statement as a compact JWS.

        kind: goes into the header as `typ`
        """
        return self.sign_all(kind, [statement])[0]

    def sign_all(self, kind: str, statements: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return many statements of one kind, signed; the key is made ready once for all of them."""
        header = {"alg": _ALGORITHM, "kid": self.key_id, "typ": kind}
        head = _base64url(rfc8785.dumps(dict(header)))
        with self._key.loaded() as key:
            return [_signed(head, statement, key) for statement in statements]


def public_jwk(public: bytes) -> dict[str, str]:
    """Return a public key as a JSON Web Key, with its id.

    public: the 32 bytes
    """
    bare = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public).decode("ascii")}
    key_id = OKPKey.import_key({**bare}).thumbprint()
    return bare | {"kid": key_id, "alg": _ALGORITHM, "use": "sig"}


def verify_statement(kind: str, signed: str, public_keys: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a statement once its signature, its kind and its canonical form are right.

    public_keys: JSON Web Keys, of which the one that the header names must have signed
    raises:      EcholessError(INVALID_PARAMETERS) naming what is wrong
    """
    return verify_signed(kind, signed, public_keys)[0]


def verify_signed(
    kind: str, signed: str, public_keys: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return a statement as `verify_statement`, and the public key that signed it as it was given."""
    signed = signed.strip()
    if len(signed) > _STATEMENT_BYTES_MAX:
        raise wrong(Fault.TOO_LONG)
    header = _header(signed)
    keys = [key for key in public_keys if _imported(key).thumbprint() == header["kid"]]
    if not keys:
        raise wrong(Fault.UNKNOWN_KEY)
    payload = _opened(signed, _imported(keys[0]))
    if payload is None:
        raise wrong(Fault.FORGED)
    if header["typ"] != kind:
        raise wrong(Fault.OTHER_KIND)
    try:
        statement = json.loads(payload)
        is_canonical = isinstance(statement, dict) and rfc8785.dumps(statement) == payload
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise wrong(Fault.NOT_CANONICAL)
    return statement, keys[0]


def wrong(fault: Fault) -> EcholessError:
    """Return what to raise about a statement."""
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The statement does not hold: {fault.value}.")


def _signed(head: bytes, statement: Mapping[str, Any], key: SigningKey) -> str:
    text = head + b"." + _base64url(rfc8785.dumps(dict(statement)))
    return (text + b"." + _base64url(key.sign(text))).decode("ascii")


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _header(signed: str) -> dict[str, str]:
    try:
        header = dict(jws.extract_compact(signed.encode("ascii")).headers())
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        header = None
    if header is None or not all(_is_exact(part) for part in signed.split(".")):
        raise wrong(Fault.NO_JWS)
    # Nothing that another library might understand differently: no critical extension, no embedded key.
    if set(header) != _HEADER_MEMBERS or not all(isinstance(each, str) for each in header.values()):
        raise wrong(Fault.OTHER_HEADER)
    return header


def _is_exact(part: str) -> bool:
    """Whether base64 stands as its encoder writes it: bits that mean nothing could be changed unseen."""
    try:
        return _base64url(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) == part.encode("ascii")
    except ValueError:
        return False


def _imported(public_key: Mapping[str, Any]) -> OKPKey:
    try:
        # Of a key only what makes it one: a private member must not get in.
        return OKPKey.import_key({name: public_key[name] for name in ("kty", "crv", "x")})
    except (JoseError, ValueError, KeyError, TypeError):
        pass
    raise wrong(Fault.NO_KEY)


def _opened(signed: str, key: OKPKey) -> bytes | None:
    try:
        return bytes(jws.deserialize_compact(signed, key, algorithms=[_ALGORITHM]).payload or b"")
    except (JoseError, ValueError):
        return None
