"""ID tokens: who somebody is, in the word of an identity provider, proved by its signature.

source: OpenID Connect Core 1.0, sections 3.1.2.1, 3.1.3.1 and 3.1.3.7; RFC 7636
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.members import Provider

# Asymmetric ones alone: a secret that both sides know would let either speak for the other.
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519", "EdDSA"]
_LEEWAY_S: Final = 60
_NOT_PROVED: Final = "The identity provider did not prove who this is."


@dataclass(frozen=True, slots=True, repr=False)
class Endpoints:
    """What a provider says of itself."""

    authorization_url: str
    token_url: str
    keys_url: str
    takes_basic: bool


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One login that was begun: what the answer must fit to."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, repr=False)
class Identified:
    """Who somebody is.

    address: empty where the provider does not vouch for one
    """

    subject: str
    address: str
    first_name: str


def endpoints_of(issuer: str, body: bytes) -> Endpoints:
    """Return the endpoints in a provider's configuration.

    raises: EcholessError(INVALID_PARAMETERS) for one that is not this issuer's, or lacks an endpoint
    """
    found = _object(body)
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    urls = [found.get(name) for name in names]
    if found.get("issuer") != issuer or not all(isinstance(url, str) and url for url in urls):
        message = "The identity provider's configuration is not the issuer's, or not complete."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="issuer")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    authorization_url, token_url, keys_url = (str(url) for url in urls)
    return Endpoints(authorization_url, token_url, keys_url, "client_secret_basic" in methods)


def authorization_url(provider: Provider, endpoints: Endpoints, attempt: Attempt) -> str:
    """Return where the browser goes."""
    url = prepare_grant_uri(
        endpoints.authorization_url, provider.client_id, "code", redirect_uri=provider.redirect_url,
        scope="openid email profile", state=attempt.state, nonce=attempt.nonce,
        code_challenge=create_s256_code_challenge(attempt.verifier), code_challenge_method="S256",
    )  # fmt: skip
    return str(url)


def token_request(provider: Provider, endpoints: Endpoints, attempt: Attempt, code: str) -> tuple[bytes, str]:
    """Return the form that exchanges a code, and the value of its authorization header, empty for none."""
    body = prepare_token_request(
        "authorization_code", redirect_uri=provider.redirect_url, code=code, code_verifier=attempt.verifier
    )
    method = "client_secret_basic" if endpoints.takes_basic else "client_secret_post"
    auth = ClientAuth(provider.client_id, provider.client_secret, method)
    _, headers, body = auth.prepare("POST", endpoints.token_url, {}, body)
    return str(body).encode("ascii"), str(headers.get("Authorization", ""))


def identified(provider: Provider, attempt: Attempt, token_answer: bytes, keys: bytes, now_unix: int) -> Identified:
    """Return who an answer of the token endpoint is about, once its signature and every claim were checked.

    raises: EcholessError(INVALID_CREDENTIALS), without a word of what was in it
    """
    claims: dict[str, Any] | None = None
    try:
        answer = _object(token_answer)
        key_set = KeySet.import_key_set(_object(keys))  # type: ignore[arg-type]  # any object: it is checked there
        token = jwt.decode(str(answer.get("id_token", "")), key_set, algorithms=_ALGORITHMS)
        claims = _checked(provider, attempt, token, str(answer.get("access_token", "")), now_unix)
    except (JoseError, ValueError, TypeError, KeyError):
        claims = None
    if claims is None:
        raise EcholessError(ErrorCode.INVALID_CREDENTIALS, _NOT_PROVED)
    is_vouched = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
    return Identified(
        subject=str(claims["sub"]), address=str(claims["email"]) if is_vouched else "",
        first_name=str(claims.get("given_name") or "")[:256],
    )  # fmt: skip


def _checked(
    provider: Provider, attempt: Attempt, token: jwt.Token, access_token: str, now_unix: int
) -> dict[str, Any]:
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }
    params = {"nonce": attempt.nonce, "client_id": provider.client_id, "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, options, params)
    claims.validate(now_unix, _LEEWAY_S)
    return dict(claims)


def _object(body: bytes) -> dict[str, Any]:
    found: Any = None
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        return found
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The identity provider answers with something unexpected.")
