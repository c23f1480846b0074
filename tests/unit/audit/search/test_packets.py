"""Packets are captured, all but those of the server's own conversation, and searched (C47, T36)."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search import packets
from echoless.audit.search.needles import text_needles
from echoless.audit.search.packets import Flow, PacketWatch, parsed
from echoless.audit.search.watcher import watching

pytestmark = pytest.mark.unit
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="packets are shown to root alone")


@pytest.fixture
def canary() -> Canary:
    return CanaryMint().plain("it", 300, is_kept=False)


@contextmanager
def _conversation(family: int, address: str) -> Iterator[tuple[socket.socket, socket.socket, int]]:
    with ExitStack() as opened:
        server = opened.enter_context(socket.socket(family))
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        client = opened.enter_context(socket.create_connection((address, port)))
        yield client, opened.enter_context(server.accept()[0]), port


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as door:
            door.bind(("::1", 0))
    except OSError:
        return False
    return True


ADDRESSES = [
    (socket.AF_INET, "127.0.0.1"),
    pytest.param(
        socket.AF_INET6, "::1", marks=pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")
    ),
]


@needs_root
@pytest.mark.parametrize(("family", "address"), ADDRESSES)
def test_what_server_and_clients_say_is_left_out_and_everything_else_found(
    canary: Canary, family: int, address: str
) -> None:
    with _conversation(family, address) as (client, server, port), _conversation(family, address) as other:
        watch = PacketWatch(port)
        with watching([watch]):
            client.sendall(canary.words[0].encode())
            server.sendall(canary.words[1].encode())
            assert server.recv(100)
            assert client.recv(100)
            other[0].sendall(canary.words[2][:6].encode())
            other[0].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            other[0].sendall(canary.words[2][6:].encode())
            assert other[1].recv(100)
        scan = watch.scan(text_needles([canary]))
    assert [(hit.where, hit.kind) for hit in scan.hits] == [(f"tcp to {address} port {other[2]}", "utf-8")]
    assert watch.lost_count == 0


@needs_root
def test_a_question_to_a_name_server_is_found(canary: Canary) -> None:
    name = b"".join(bytes([len(label)]) + label.encode() for label in (canary.words[0], "example", "com")) + b"\0"
    watch = PacketWatch(1)
    with watching([watch]), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.sendto(struct.pack("!HHHHHH", 1, 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1", ("127.0.0.1", 53))
    assert {hit.where for hit in watch.scan(text_needles([canary])).hits} >= {"udp to 127.0.0.1 port 53"}


@needs_root
def test_what_is_over_a_bound_is_said(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "FLOW_BYTES_MAX", 100)
    watch = PacketWatch(1)
    with watching([watch]), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.sendto(b"x" * 200, ("127.0.0.1", 9))
    assert watch.cut_count >= 1
    assert "too many at once, or in one flow" in watch.scan(text_needles([canary])).unsearched[0]


def test_without_the_right_to_it_nothing_is_said_to_be_searched(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> socket.socket:
        raise PermissionError(1, "no")

    monkeypatch.setattr(packets.socket, "socket", refused)
    watch = PacketWatch(1)
    assert (watch.descriptor(), watch.is_told) == (None, False)
    assert watch.scan(text_needles([canary])).unsearched == ("packets: without the right to see them",)


def test_fragments_and_foreign_protocols_are_kept_whole() -> None:
    address = bytes([10, 0, 0, 1])
    head = bytes([0x45, 0]) + bytes(4) + struct.pack("!H", 5) + bytes([64, 17, 0, 0]) + address + address
    assert parsed(0x0800, head + b"rest of it") == (Flow("protocol 17", 0, "10.0.0.1", 0), b"rest of it")
    assert parsed(0x88B5, b"own") == (Flow("link protocol 0x88b5", 0, "the link", 0), b"own")
    assert parsed(0x0800, b"short")[1] == b"short"
