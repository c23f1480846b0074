"""Jobs are shared out until there are none, failures are not swallowed, and dropping a body costs something."""

from __future__ import annotations

import queue
import socket
import struct
import threading

import pytest

from echoless.bench.media_measures import _bare_turn, _next, _seconds_to_drop, _seconds_together
from echoless.bench.uploads import FormUpload
from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


def test_every_job_is_done_once_by_whoever_is_free() -> None:
    jobs: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(20):
        jobs.put(number)
    done: list[int] = []

    def work() -> None:
        while (job := _next(jobs)) is not None:
            done.append(job)

    assert _seconds_together([work] * 4) > 0
    assert sorted(done) == list(range(20))


def test_what_one_worker_raises_is_raised() -> None:
    def fail() -> None:
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "status 503")

    with pytest.raises(EcholessError, match="503"):
        _seconds_together([fail, lambda: None])


def test_a_bare_engine_is_given_every_recording_and_heard_to_its_end() -> None:
    ours, theirs = socket.socketpair()
    taken: list[int] = []

    def engine() -> None:
        with theirs, theirs.makefile("rb") as jobs:
            for _ in range(3):
                taken.append(len(jobs.read(struct.unpack(">I", jobs.read(4))[0])))
                theirs.sendall(struct.pack(">I", 2) + b"ok" + bytes(4))

    thread = threading.Thread(target=engine)
    thread.start()
    with ours:
        assert _bare_turn([ours], [b"x" * count for count in (30, 20, 10)]) > 0
    thread.join(5)
    assert taken == [30, 20, 10]


def test_a_body_is_read_to_its_last_byte_to_be_dropped() -> None:
    pieces = [bytes(256 * 1024)] * 16
    assert _seconds_to_drop(FormUpload({}, "file", pieces, 4 * 1024 * 1024)) > 0
