"""`/docs` and `/openapi.json`: made once, before the wall closes, and served from memory.

The page loads nothing from anywhere else and stores nothing in the browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

import msgspec

from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.documentation.openapi import build_openapi
from echoless.volatile.gateway.routing import Route

_POLICY: Final[Header] = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
    b"media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Pages:
    """The two documents."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._openapi = msgspec.json.encode(build_openapi(routes))
        self._page = files(__package__).joinpath("page.html").read_bytes()

    async def openapi(self, call: Call) -> None:
        """Answer with the OpenAPI document."""
        await call.answer_bytes(self._openapi, b"application/json")

    async def docs(self, call: Call) -> None:
        """Answer with the page."""
        await call.answer_bytes(self._page, b"text/html; charset=utf-8", more=[_POLICY])

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of the documents themselves."""
        return (
            Route("GET /docs", self.docs, "Read and try the API", media_types=("text/html",), is_public=True),
            Route("GET /openapi.json", self.openapi, "The OpenAPI document", is_public=True),
        )
