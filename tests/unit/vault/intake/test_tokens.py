"""Single-use tokens: for one kind of use, once, for a quarter of an hour, in memory only."""

from __future__ import annotations

import hashlib

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.socket_records import MintToken, TokenKind, TokenMinted
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.vault.intake import tokens as module
from echoless.vault.intake.tokens import LIFE_S, SingleUseTokens
from echoless.vault.stores.accounts import Caller
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit

ME = Caller("workspace", "key")
TTS_SOCKET = ENDPOINT_BY_NAME["WS /v1/text-to-speech/{voice}/stream-input"]
DIALOGUE_SOCKET = ENDPOINT_BY_NAME["WS /v1/text-to-dialogue/stream-input"]
SCRIBE_SOCKET = ENDPOINT_BY_NAME["WS /v1/speech-to-text/realtime"]
SCRIBE = ENDPOINT_BY_NAME["POST /v1/speech-to-text"]
TTS = ENDPOINT_BY_NAME["POST /v1/text-to-speech/{voice}"]


class Digests:
    """As much of a keyring as tokens need."""

    def digest(self, secret: str) -> bytes:
        return hashlib.sha256(secret.encode()).digest()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def tokens(clock: TurnedClock) -> SingleUseTokens:
    return SingleUseTokens(Digests(), clock)  # type: ignore[arg-type]  # has what is used of a keyring


async def minted(tokens: SingleUseTokens, kind: TokenKind = TokenKind.TTS_WEBSOCKET, *, zero: bool = False) -> str:
    answer = await tokens.mint(ME, MintToken(kind, zero))
    assert isinstance(answer, TokenMinted)
    return answer.secret


@pytest.mark.anyio
async def test_a_token_opens_what_it_is_for_and_nothing_else(tokens: SingleUseTokens) -> None:
    opens = {
        TokenKind.TTS_WEBSOCKET: {TTS_SOCKET.name, DIALOGUE_SOCKET.name},
        TokenKind.REALTIME_SCRIBE: {SCRIBE_SOCKET.name},
        TokenKind.BATCH_SCRIBE: {SCRIBE.name},
    }
    for kind, names in opens.items():
        secret = await minted(tokens, kind)
        places = (TTS_SOCKET, DIALOGUE_SOCKET, SCRIBE_SOCKET, SCRIBE, TTS)
        assert {place.name for place in places if tokens.find(secret, place)} == names


@pytest.mark.anyio
async def test_a_token_is_burnt_by_its_use(tokens: SingleUseTokens) -> None:
    secret = await minted(tokens, zero=True)
    found = tokens.find(secret, TTS_SOCKET)
    assert found is not None
    assert (found.caller, found.is_pinned_zero) == (ME, True)
    tokens.burn(secret)
    assert tokens.find(secret, TTS_SOCKET) is None


@pytest.mark.anyio
async def test_a_token_lives_a_quarter_of_an_hour(tokens: SingleUseTokens, clock: TurnedClock) -> None:
    secret = await minted(tokens)
    clock.turn(LIFE_S - 1)
    assert tokens.find(secret, TTS_SOCKET)
    clock.turn(1)
    assert tokens.find(secret, TTS_SOCKET) is None


@pytest.mark.anyio
async def test_tokens_are_bounded_and_expired_ones_make_room(
    tokens: SingleUseTokens, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOKENS_MAX", 3)
    for _ in range(3):
        await minted(tokens)
    with pytest.raises(EcholessError) as caught:
        await minted(tokens)
    assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
    clock.turn(LIFE_S)
    await minted(tokens)
    assert len(tokens) == 1


@pytest.mark.anyio
async def test_no_secret_is_held(tokens: SingleUseTokens) -> None:
    secret = await minted(tokens)
    assert secret not in repr(vars(tokens))
