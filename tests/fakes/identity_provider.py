"""A real OpenID Connect provider on loopback: keys of its own, codes that are good once, PKCE, signed ID tokens."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from tests.fakes.outside import Asked, Outside, Said

CLIENT_ID, CLIENT_SECRET = "echoless-test", "the client's secret"
REDIRECT_URL = "https://app.example.org/callback"


@functools.cache
def new_key(whose: str) -> RSAKey:
    """Return a key under the one name; keys of different holders differ, and take long to make."""
    del whose
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass(slots=True)
class Person:
    """Who the provider knows."""

    subject: str
    email: str
    email_verified: bool = True
    given_name: str = "Grace"


@dataclass(slots=True)
class IdentityProvider:
    """The provider. What it says can be bent by a test.

    bend:     changes the claims before they are signed
    sign_by:  another key than the published one, or another algorithm
    """

    issuer: str = ""
    bend: Callable[[dict[str, Any]], None] = lambda _claims: None
    sign_by: Callable[[dict[str, Any]], str] | None = None
    auth_methods: list[str] | None = None
    now_unix: Callable[[], int] = lambda: 1_800_000_000
    key: RSAKey = field(default_factory=lambda: new_key("published"))
    codes: dict[str, tuple[Person, dict[str, str]]] = field(default_factory=dict)
    token_request_count: int = 0

    def script(self, asked: Asked) -> Said:
        """Answer one request."""
        match urlsplit(asked.path).path:
            case "/.well-known/openid-configuration":
                return _said(self._configuration())
            case "/keys":
                return _said(KeySet([self.key]).as_dict(private=False))
            case "/token":
                return self._token(asked)
            case _:
                return Said(404)

    def outside(self) -> Outside:
        """Return the server that answers as this provider; it must be told its `issuer` once it listens."""
        return Outside(self.script)

    def let_in(self, authorization_url: str, person: Person) -> tuple[str, str]:
        """Do what a browser and a person would; return state and code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert query["response_type"] == "code" and query["client_id"] == CLIENT_ID
        assert query["redirect_uri"] == REDIRECT_URL and "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_hex(16)
        self.codes[code] = (person, query)
        return query["state"], code

    def _configuration(self) -> dict[str, Any]:
        configuration: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        if self.auth_methods is not None:
            configuration["token_endpoint_auth_methods_supported"] = self.auth_methods
        return configuration

    def _token(self, asked: Asked) -> Said:
        self.token_request_count += 1
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if not self._knows_client(asked, form):
            return _said({"error": "invalid_client"}, 401)
        person, query = self.codes.pop(form.get("code", ""), (None, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if person is None or query["code_challenge"] != challenge or form["redirect_uri"] != REDIRECT_URL:
            return _said({"error": "invalid_grant"}, 400)
        return _said({"token_type": "Bearer", "access_token": "opaque", "id_token": self._id_token(person, query)})

    def _knows_client(self, asked: Asked, form: dict[str, str]) -> bool:
        if self.auth_methods == ["client_secret_post"]:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        return asked.headers.get("authorization") == f"Basic {basic}"

    def _id_token(self, person: Person, query: dict[str, str]) -> str:
        now = self.now_unix()
        claims: dict[str, Any] = {
            "iss": self.issuer, "sub": person.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": query["nonce"], "email": person.email, "email_verified": person.email_verified,
            "given_name": person.given_name,
        }  # fmt: skip
        self.bend(claims)
        if self.sign_by is not None:
            return self.sign_by(claims)
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)


def signed_by_stranger(claims: dict[str, Any]) -> str:
    """Sign with a key that the provider never published, under the name of the one that it did."""
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, new_key("stranger's"))


def signed_by_secret(claims: dict[str, Any]) -> str:
    """Sign with the client's secret, which both sides know."""
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(CLIENT_SECRET * 2))


def signed_by_nobody(claims: dict[str, Any]) -> str:
    """Leave the signature out."""
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "none", "kid": "one"}, claims)
    )
    return f"{head}.{body}."


def _said(body: object, status: int = 200) -> Said:
    return Said(status, {"content-type": "application/json"}, json.dumps(body).encode())
