"""How a child begins."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from echoless.crossing.child import link_end
from echoless.crossing.control import ControlEnd, HostState

pytestmark = pytest.mark.unit

BEGIN = "import sys; from echoless.crossing.child import begin; begin(sys.argv[1:])"


def test_a_child_that_is_told_something_else_first_does_not_begin() -> None:
    ours, theirs = ControlEnd.pair()
    reader, writer = os.pipe()
    ours.send(HostState([]))
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN, str(theirs.fileno()), str(writer)],
        pass_fds=(theirs.fileno(), writer),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode != 0
    assert b"crossing_broken" in ended.stderr
    for end in (ours, theirs):
        end.close()
    os.close(reader)
    os.close(writer)


def test_a_received_end_is_a_stream_of_the_family_we_make() -> None:
    one, other = socket.socketpair()
    end = link_end(one.detach())
    end.sendall(b"x")
    assert other.recv(1) == b"x"
    end.close()
    other.close()
