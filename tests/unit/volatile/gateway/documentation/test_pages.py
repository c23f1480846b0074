"""The documentation's pages."""

from __future__ import annotations

import re

import pytest

from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_page_loads_nothing_from_elsewhere_and_stores_nothing() -> None:
    """C45: no content stays in the browser."""
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", "/docs", api_key="")
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        page = reply.body.decode()
        assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", page)
        assert not re.findall(r"localStorage|sessionStorage|indexedDB|serviceWorker|document\.cookie", page)
        assert "default-src 'none'" in reply.headers["content-security-policy"]


async def test_document_is_served_as_json() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", "/openapi.json", api_key="")
        assert reply.json["openapi"].startswith("3.1")
