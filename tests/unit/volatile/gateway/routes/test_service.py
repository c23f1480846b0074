"""Health."""

from __future__ import annotations

import asyncio

import pytest

from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_health_needs_no_key_and_says_when_a_part_is_missing() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", "/health", api_key="")
        assert (reply.status, reply.json) == (200, {"status": "ok", "engines": 1})
        gateway.engine.links[0].abort()
        await asyncio.sleep(0.01)
        reply = await gateway.ask("GET", "/health", api_key="")
        assert (reply.status, reply.json["status"]) == (503, "unavailable")
