"""The scripts of the rehearsal's sockets."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINTS
from echoless.volatile.gateway.app import socket_routes
from echoless.volatile.gateway.request_line import EndpointMatcher
from echoless.volatile.service.rehearsed_sockets import SOCKETS, text_frame

pytestmark = pytest.mark.unit


def test_every_kind_of_socket_is_rehearsed() -> None:
    matcher = EndpointMatcher(ENDPOINTS)
    played = set()
    for script in SOCKETS:
        path = script.line.removeprefix("GET ").partition("?")[0]
        match = matcher.match("WS", path.encode())
        assert match is not None
        played.add(match.endpoint.name)
    served = {route.endpoint_name for route in socket_routes()}
    # The two of single texts share everything but their flow, which imports nothing late.
    assert served - played == {"WS /v1/text-to-speech/{voice}/multi-stream-input"}


def test_a_frame_is_masked_and_states_its_length() -> None:
    frame = text_frame(b"abc")
    assert frame[:2] == bytes((0x81, 0x83))
    assert frame[6:] == b"abc"
