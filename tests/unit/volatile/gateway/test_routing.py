"""The table of served routes."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, STREAMED_MEDIA_TYPES, Route, route_table

pytestmark = pytest.mark.unit


async def _handler(call: Call) -> None:
    await call.answer({})


@pytest.mark.claim("Z2")
def test_route_without_a_row_cannot_be_served() -> None:
    with pytest.raises(KeyError):
        route_table([Route("GET /v1/brand-new", _handler, "New")])


def test_two_routes_for_one_endpoint_are_our_mistake() -> None:
    route = Route("GET /v1/models", _handler, "Models")
    with pytest.raises(AssertionError):
        route_table([route, route])


def test_streamed_media_types_are_all_but_riff() -> None:
    assert set(AUDIO_MEDIA_TYPES) - set(STREAMED_MEDIA_TYPES) == {"audio/wav"}
    assert len(set(AUDIO_MEDIA_TYPES)) == len(AUDIO_MEDIA_TYPES) == 6
