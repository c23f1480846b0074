"""The app as a whole: every served route has decided what zero retention means."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.volatile.gateway.app import product_routes
from tests.fakes.gateway import running_gateway

TILES = ["".join(f"/{{part{number}}}" for number in range(1, depth + 1)) for depth in range(2, 7)]
pytestmark = pytest.mark.unit


@pytest.mark.claim("Z2")
def test_each_served_route_is_a_row_of_the_endpoint_table() -> None:
    """C3: a route without a retention class cannot be built."""
    assert {route.endpoint_name for route in product_routes()} <= set(ENDPOINT_BY_NAME)


@pytest.mark.anyio
async def test_public_routes_are_the_ones_that_show_nothing_of_anyone() -> None:
    async with running_gateway() as gateway:
        for route in product_routes():
            path = route.endpoint.template.replace("{", "").replace("}", "")
            reply = await gateway.ask(route.endpoint.method, path, {}, api_key="")
            assert (reply.status != 401) == route.is_public, route.endpoint_name
    public = {route.endpoint_name for route in product_routes() if route.is_public}
    assert public == {
        "GET /health",
        "GET /ready",
        "GET /metrics",
        # Whoever logs in has no credential yet; what they show is in the body.
        "POST /v1/workspace/login",
        "POST /v1/workspace/invites/accept",
        "POST /v1/workspace/password/request",
        "POST /v1/workspace/password/reset",
        "POST /v1/workspace/sign-on/start",
        "GET /v1/workspace/sign-on/callback",
        "GET /v1/deletion-certificates/keys",
        "GET /v1/deletion-certificates/{certificate}",
        "GET /v1/transparency-log/keys",
        "GET /v1/transparency-log/checkpoint",
        "GET /v1/transparency-log/proofs/inclusion",
        "GET /v1/transparency-log/proofs/consistency",
        *(f"GET /v1/transparency-log/tile{parts}" for parts in TILES),
        "GET /v1/voices/settings/default",
        "GET /v1/voices/{voice}/preview",
    }
