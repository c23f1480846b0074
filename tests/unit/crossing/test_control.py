"""The control socket."""

from __future__ import annotations

import os

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import AddLink, ControlEnd, HostState, Peer, Stop

pytestmark = pytest.mark.unit


def test_a_record_arrives_with_its_descriptor() -> None:
    one, other = ControlEnd.pair()
    reader, writer = os.pipe()
    one.send(AddLink(Peer.VAULT, "vault"), (writer,))
    os.close(writer)
    message = other.receive()
    assert message is not None
    record, (descriptor,) = message
    assert record == AddLink(Peer.VAULT, "vault")
    os.write(descriptor, b"x")
    assert os.read(reader, 1) == b"x"
    os.close(descriptor)
    os.close(reader)
    one.close()
    other.close()


def test_messages_keep_their_borders_and_the_end_is_seen() -> None:
    one, other = ControlEnd.pair()
    one.send(HostState(["swap_on"]))
    one.send(Stop(2.0))
    one.close()
    assert other.receive() == (HostState(["swap_on"]), ())
    assert other.receive() == (Stop(2.0), ())
    assert other.receive() is None
    other.close()


def test_sending_to_nobody_is_an_error_of_ours() -> None:
    one, other = ControlEnd.pair()
    other.close()
    with pytest.raises(EcholessError) as caught:
        one.send(Stop(1.0))
    assert caught.value.code is ErrorCode.CROSSING_BROKEN
    one.close()
