"""What clients of sockets show to be let in, and where: header, query, or first message.

A browser cannot set headers, so sockets take credentials in places that would be wrong for a request.
source: the wire contract, authentication
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_AUTHORIZATION: Final = "authorization"
# Sockets that speak call it by the first name, the one that listens by the second.
_TOKENS: Final = ("single_use_token", "token")
QUERY_NAMES: Final = frozenset({_AUTHORIZATION, *_TOKENS})
"""Parameters of a query that are credentials."""
_CHARACTERS_MAX: Final = 256
_TOO_LONG: Final = "too-long"


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What somebody shows to be let in. It prints as nothing.

    is_token: a single-use token, else an API key
    """

    word: str = field(repr=False)
    is_token: bool = False


def key_credential(key: str) -> Credential:
    """Return an API key."""
    return Credential(_bounded(key))


def token_credential(token: str) -> Credential:
    """Return a single-use token."""
    return Credential(_bounded(token), is_token=True)


def credential_from(authorization: str) -> Credential:
    """Return the key in an authorization, with or without its scheme."""
    scheme, _, word = authorization.partition(" ")
    return key_credential(word.strip() if scheme.lower() == "bearer" else authorization)


def credential_of_handshake(key: str, query: Iterable[tuple[str, str]]) -> Credential | None:
    """Return what the handshake shows: the header before the query, a key before a token.

    key: from the headers, empty where none came
    """
    if key:
        return key_credential(key)
    shown = {name: value for name, value in query if name in QUERY_NAMES and value}
    if _AUTHORIZATION in shown:
        return credential_from(shown[_AUTHORIZATION])
    return next((token_credential(shown[name]) for name in _TOKENS if name in shown), None)


def no_credential() -> EcholessError:
    """Return the error of somebody who shows nothing."""
    return EcholessError(
        ErrorCode.INVALID_API_KEY,
        "An API key is needed: in the header xi-api-key, in the first message, or a single-use token in the query.",
    )


def _bounded(word: str) -> str:
    return word if len(word) <= _CHARACTERS_MAX else _TOO_LONG
