"""A link never waits and never loses a byte."""

from __future__ import annotations

import socket

import pytest

from echoless.crossing.gateway_link import QUEUED_BYTES_MAX, GatewayLink

pytestmark = pytest.mark.unit


def test_what_the_socket_does_not_take_waits_in_order() -> None:
    near, far = socket.socketpair()
    link = GatewayLink(near)
    sent = 0
    while link.has_room:
        link.send(bytes([sent % 251]) * 10_000)
        sent += 1
    assert link.is_waiting
    assert link._queued_bytes < QUEUED_BYTES_MAX + 10_000
    received = bytearray()
    while len(received) < sent * 10_000:
        received += far.recv(65_536)
        link.flush()
    assert bytes(received) == b"".join(bytes([index % 251]) * 10_000 for index in range(sent))
    assert not link.is_waiting
    link.close()
    far.close()


def test_what_is_queued_goes_with_the_next_bytes() -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link = GatewayLink(near)
    link.queue(b"head ")
    assert link.is_waiting
    link.send(b"and body")
    assert far.recv(100) == b"head and body"
    assert not link.is_waiting
    link.close()
    far.close()


def test_a_link_whose_peer_is_gone_drops_and_closes_at_the_next_read() -> None:
    near, far = socket.socketpair()
    link = GatewayLink(near)
    far.close()
    link.send(b"x" * 100)
    assert not link.is_waiting
    assert list(link.received()) == []
    assert link.is_closed
    link.send(b"y")
    assert not link.has_room
