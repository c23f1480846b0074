"""What the rehearsal uploads."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINTS
from echoless.volatile.gateway.app import product_routes
from echoless.volatile.gateway.request_line import EndpointMatcher
from echoless.volatile.service.rehearsed_uploads import UPLOADS

pytestmark = pytest.mark.unit


def test_every_flow_that_takes_a_recording_is_rehearsed_with_success() -> None:
    matcher = EndpointMatcher(ENDPOINTS)
    played = set()
    for line, _, status in UPLOADS:
        match = matcher.match("POST", line.removeprefix("POST ").partition("?")[0].encode())
        assert match is not None
        if status == 200:
            played.add(match.endpoint.name)
    taking = [route for route in product_routes() if route.upload_bytes_max]
    handlers = {route.handler for route in taking if route.endpoint_name in played}
    assert handlers == {route.handler for route in taking}
