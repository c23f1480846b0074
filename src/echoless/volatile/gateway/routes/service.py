"""`/health`: whether this gateway can serve. Public; numbers only."""

from __future__ import annotations

from typing import Final

from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route


async def health(call: Call) -> None:
    """Say whether vault and engines are there."""
    services = call.services
    is_well = services.vault.is_connected and services.engines.engine_count > 0
    state = {"status": "ok" if is_well else "unavailable", "engines": services.engines.engine_count}
    await call.answer(state, status=200 if is_well else 503)


ROUTES: Final = (Route("GET /health", health, "Whether the server can serve", is_public=True),)
