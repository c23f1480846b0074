"""Where sockets find credentials, and which goes first."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.volatile.gateway.socket_credentials import (
    credential_from,
    credential_of_handshake,
    key_credential,
    no_credential,
    token_credential,
)

pytestmark = pytest.mark.unit

BOTH = [("authorization", "Bearer sk_query"), ("single_use_token", "sutkn_1")]


def test_the_header_goes_before_the_query_and_a_key_before_a_token() -> None:
    assert credential_of_handshake("sk_header", BOTH) == key_credential("sk_header")
    assert credential_of_handshake("", BOTH) == key_credential("sk_query")
    assert credential_of_handshake("", BOTH[1:]) == token_credential("sutkn_1")
    assert credential_of_handshake("", [("model_id", "x"), ("single_use_token", "")]) is None


@pytest.mark.parametrize("said", ["sk_1", "Bearer sk_1", "bearer  sk_1 "])
def test_an_authorization_is_a_key_with_or_without_its_scheme(said: str) -> None:
    assert credential_from(said) == key_credential("sk_1")


def test_a_token_is_never_taken_for_a_key() -> None:
    assert token_credential("x").is_token
    assert not key_credential("x").is_token


def test_credentials_print_as_nothing_and_are_bounded() -> None:
    credential = key_credential("sk_secret")
    assert "sk_secret" not in repr(credential)
    assert key_credential("k" * 257) == key_credential("l" * 300)


def test_showing_nothing_is_an_invalid_key() -> None:
    assert no_credential().code is ErrorCode.INVALID_API_KEY
