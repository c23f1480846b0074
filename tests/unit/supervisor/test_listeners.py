"""Listening sockets."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.listeners import answer_unavailable, listen_http, listen_operator

pytestmark = pytest.mark.unit


def test_connections_are_spread_over_the_group() -> None:
    """One socket for each gateway: the kernel spreads connections, so that none takes almost all."""
    listeners = listen_http("127.0.0.1", 0, 2)
    port = listeners[0].getsockname()[1]
    clients = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(200)]
    counts = []
    for listener in listeners:
        listener.setblocking(False)
        count = 0
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                break
            count += 1
        counts.append(count)
    for end in (*clients, *listeners):
        end.close()
    assert sum(counts) == 200
    assert min(counts) >= 50


def test_a_port_that_somebody_uses_is_refused_even_from_the_same_user() -> None:
    """SO_REUSEPORT alone would let two servers share it unnoticed."""
    (first,) = listen_http("127.0.0.1", 0, 1)
    port = first.getsockname()[1]
    with pytest.raises(EcholessError) as caught:
        listen_http("127.0.0.1", port, 1)
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert str(port) in caught.value.public_description
    first.close()


def test_the_operators_socket_is_for_this_user_only_and_survives_long_paths(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100)
    directory.mkdir()
    listener = listen_operator(directory)
    assert (directory / "operator.sock").stat().st_mode & 0o777 == 0o600
    listener.close()


@pytest.mark.parametrize(("is_stopping", "word"), [(False, b"starting again"), (True, b"stopping")])
def test_clients_of_a_gateway_that_is_away_hear_so(*, is_stopping: bool, word: bytes) -> None:
    (listener,) = listen_http("127.0.0.1", 0, 1)
    with socket.create_connection(listener.getsockname(), timeout=5) as client:
        answer_unavailable(listener, is_tls=False, is_stopping=is_stopping)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    listener.close()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in answer
    assert [word in answer, b'"type":"service_unavailable"' in answer] == [True, True]
    assert len(answer.partition(b"\r\n\r\n")[2]) == int(
        answer.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    )
