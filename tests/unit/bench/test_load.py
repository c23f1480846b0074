"""The load generator keeps its clients busy and sees broken connections."""

from __future__ import annotations

import socket
import threading

import pytest

from echoless.bench.bare import BareFraming
from echoless.bench.load import LoadClient, run_closed_loop
from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


def _answering(end: socket.socket, seen: list[bytes], answer: bytes) -> None:
    with end:
        while request := end.recv(1):
            seen.append(request)
            end.sendall(answer)


def test_each_job_is_done_once_and_clients_share_them() -> None:
    seen: list[list[bytes]] = [[], []]
    clients, threads = [], []
    for taken in seen:
        ours, theirs = socket.socketpair()
        clients.append(LoadClient(ours, BareFraming([bytes([number]) for number in range(9)])))
        answer = b"\0\0\0\3abc\0\0\0\0"
        threads.append(threading.Thread(target=_answering, args=(theirs, taken, answer)))
        threads[-1].start()
    timings, seconds = run_closed_loop(clients, range(9))
    for client in clients:
        client.end.close()
    for thread in threads:
        thread.join(5)
    assert sorted(timing.job_index for timing in timings) == list(range(9))
    assert sorted(seen[0] + seen[1]) == [bytes([number]) for number in range(9)]
    assert all(timing.audio_bytes == 3 for timing in timings)
    assert seconds >= max(timing.last_byte_s for timing in timings)


def test_a_connection_that_ends_within_an_answer_is_an_error() -> None:
    ours, theirs = socket.socketpair()
    threading.Thread(target=lambda: (theirs.recv(1), theirs.sendall(b"\0\0\0\3a"), theirs.close())).start()
    with ours, pytest.raises(EcholessError) as caught:
        run_closed_loop([LoadClient(ours, BareFraming([b"x"]))], [0])
    assert caught.value.code is ErrorCode.CROSSING_BROKEN
