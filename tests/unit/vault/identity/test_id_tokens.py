"""What an identity provider says, taken apart: nothing of it is believed before it is checked."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.id_tokens import (
    Attempt,
    Endpoints,
    authorization_url,
    endpoints_of,
    identified,
    token_request,
)
from echoless.vault.stores.members import Provider

pytestmark = pytest.mark.unit
ISSUER = "https://login.example.org"
PROVIDER = Provider(ISSUER, "client", "sec:ret", "https://app.example.org/back")
ATTEMPT = Attempt("the-state", "the-nonce", "the-verifier" * 4)
WELL_KNOWN = {
    "issuer": ISSUER, "authorization_endpoint": ISSUER + "/authorize?tenant=1", "token_endpoint": ISSUER + "/token",
    "jwks_uri": ISSUER + "/keys",
}  # fmt: skip


def test_a_complete_configuration_of_the_issuer_is_taken() -> None:
    found = endpoints_of(ISSUER, json.dumps(WELL_KNOWN).encode())
    assert found == Endpoints(ISSUER + "/authorize?tenant=1", ISSUER + "/token", ISSUER + "/keys", takes_basic=True)
    post = WELL_KNOWN | {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert not endpoints_of(ISSUER, json.dumps(post).encode()).takes_basic


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", json.dumps(WELL_KNOWN | {"issuer": ISSUER + "/"}).encode(),
     *(json.dumps({**WELL_KNOWN, name: None}).encode() for name in WELL_KNOWN)],
)  # fmt: skip
def test_anything_else_is_refused_without_being_repeated(body: bytes) -> None:
    with pytest.raises(EcholessError) as caught:
        endpoints_of(ISSUER, body)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert "example" not in caught.value.public_description


def test_the_browser_is_sent_with_state_nonce_and_challenge_but_no_verifier() -> None:
    endpoints = endpoints_of(ISSUER, json.dumps(WELL_KNOWN).encode())
    url = authorization_url(PROVIDER, endpoints, ATTEMPT)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query["tenant"] == "1" and (query["state"], query["nonce"]) == ("the-state", "the-nonce")
    assert query["redirect_uri"] == PROVIDER.redirect_url
    assert ATTEMPT.verifier not in url and "sec" not in url.replace("code_challenge_method", "")


@pytest.mark.parametrize("takes_basic", [True, False])
def test_the_secret_goes_where_the_provider_takes_it(takes_basic: bool) -> None:
    endpoints = Endpoints("a", ISSUER + "/token", "k", takes_basic)
    form, header = token_request(PROVIDER, endpoints, ATTEMPT, "the code")
    sent = {name: values[0] for name, values in parse_qs(form.decode()).items()}
    assert (sent["code"], sent["code_verifier"], sent["grant_type"]) == (
        "the code", ATTEMPT.verifier, "authorization_code",
    )  # fmt: skip
    if takes_basic:
        assert header == "Basic " + base64.b64encode(b"client:sec:ret").decode()
        assert "client_secret" not in sent
    else:
        assert (header, sent["client_secret"]) == ("", "sec:ret")


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}", b"[]", b'{"id_token": 5}', b'{"id_token": "a.b.c"}', b'{"id_token": "' + b"A" * 5000 + b'"}'],
)
@pytest.mark.parametrize("keys", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "x"}]}'])
def test_a_token_that_is_none_proves_nothing_and_fails_nothing(answer: bytes, keys: bytes) -> None:
    with pytest.raises(EcholessError) as caught:
        identified(PROVIDER, ATTEMPT, answer, keys, 1_800_000_000)
    assert caught.value.code in {ErrorCode.INVALID_CREDENTIALS, ErrorCode.INVALID_PARAMETERS}
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_nothing_of_a_login_is_printed() -> None:
    assert "verifier" not in repr(ATTEMPT) and "sec:ret" not in repr(PROVIDER)
