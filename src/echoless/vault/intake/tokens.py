"""Single-use tokens: credentials that somebody with a key hands to a browser. In memory only.

Each is valid for a quarter of an hour and for one request of one kind; it acts for the key that asked for it, and
may be pinned to zero retention. Only digests are held. A restart of the vault makes all of them invalid.
source: the wire contract, authentication
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_single_use_token
from echoless.crossing.records import Record
from echoless.crossing.socket_records import MintToken, TokenKind, TokenMinted
from echoless.retention.endpoints import Endpoint, Product
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.keyring import Keyring

LIFE_S: Final = 15 * 60
TOKENS_MAX: Final = 10_000
_PLACES: Final[Mapping[TokenKind, tuple[str, frozenset[Product]]]] = {
    TokenKind.TTS_WEBSOCKET: ("WS", frozenset({Product.TEXT_TO_SPEECH, Product.TEXT_TO_DIALOGUE})),
    TokenKind.REALTIME_SCRIBE: ("WS", frozenset({Product.SPEECH_TO_TEXT})),
    TokenKind.BATCH_SCRIBE: ("POST", frozenset({Product.SPEECH_TO_TEXT})),
}


@dataclass(frozen=True, slots=True)
class Token:
    """What a token opens, and for whom."""

    kind: TokenKind
    caller: Caller
    is_pinned_zero: bool
    expires_s: float

    def opens(self, endpoint: Endpoint) -> bool:
        """Whether the token may be used on an endpoint."""
        method, products = _PLACES[self.kind]
        return endpoint.method == method and endpoint.product in products


class SingleUseTokens:
    """All tokens that have not been used."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock
        # In the order in which they were made, which is that in which they expire.
        self._by_digest: dict[bytes, Token] = {}

    def __len__(self) -> int:
        return len(self._by_digest)

    async def mint(self, caller: Caller, question: MintToken) -> Record:
        """Answer with a new token.

        raises: EcholessError(CONCURRENT_LIMIT_EXCEEDED) while too many are unused
        """
        self._forget_expired()
        if len(self._by_digest) >= TOKENS_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many tokens are unused.")
        secret = new_single_use_token()
        token = Token(question.kind, caller, question.is_pinned_zero, self._clock.monotonic_s() + LIFE_S)
        self._by_digest[self._keyring.digest(secret)] = token
        return TokenMinted(secret)

    def find(self, secret: str, endpoint: Endpoint) -> Token | None:
        """Return a token that may be used now and there."""
        token = self._by_digest.get(self._keyring.digest(secret))
        is_valid = token is not None and self._clock.monotonic_s() < token.expires_s and token.opens(endpoint)
        return token if is_valid else None

    def burn(self, secret: str) -> None:
        """Make a token invalid: it has been used."""
        self._by_digest.pop(self._keyring.digest(secret), None)

    def forget_workspace(self, workspace_id: str) -> None:
        """Make all tokens of a deleted workspace invalid."""
        for digest, token in tuple(self._by_digest.items()):
            if token.caller.workspace_id == workspace_id:
                del self._by_digest[digest]

    def _forget_expired(self) -> None:
        now_s = self._clock.monotonic_s()
        for digest, token in tuple(self._by_digest.items()):
            if now_s < token.expires_s:
                return
            del self._by_digest[digest]
