"""What the supervisor tells a process of jobs while it serves."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import LineJournal
from echoless.crossing.child import ChildStart
from echoless.crossing.control import AddLink, ControlEnd, EngineConfig, Peer, Retire, Stop
from echoless.volatile.service.orders import obey

pytestmark = pytest.mark.unit


class Host:
    def __init__(self) -> None:
        self.links: list[socket.socket] = []
        self.deadlines_s: list[float] = []

    def add_link(self, end: socket.socket) -> None:
        self.links.append(end)

    def stop(self, deadline_s: float) -> None:
        self.deadlines_s.append(deadline_s)


@pytest.fixture
def ends() -> Iterator[tuple[ControlEnd, ControlEnd]]:
    ours, theirs = ControlEnd.pair()
    theirs.set_blocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


def start(control: ControlEnd) -> ChildStart:
    config = EngineConfig("engine-0", "null", False, "strict", True, 1, 1)
    return ChildStart(control, LineJournal(2), config)


def test_gateways_are_tied_and_a_stop_is_heard(ends: tuple[ControlEnd, ControlEnd]) -> None:
    host, (ours, theirs) = Host(), ends
    first, second = socket.socketpair()
    with first, second:
        ours.send(AddLink(Peer.GATEWAY, "gateway-0"), (second.fileno(),))
        ours.send(Stop(1.5))
        obey(start(theirs), host)
        with host.links[0] as link:
            first.send(b"hello")
            assert link.recv(16) == b"hello"
    assert host.deadlines_s == [1.5]


@pytest.mark.parametrize("record", [Retire(), AddLink(Peer.VAULT, "vault")])
def test_what_is_not_for_such_a_process_ends_it(
    ends: tuple[ControlEnd, ControlEnd], record: Retire | AddLink
) -> None:
    """Z2: nothing ties a process of jobs to the vault."""
    ours, theirs = ends
    ours.send(record)
    with pytest.raises(EcholessError) as caught:
        obey(start(theirs), Host())
    assert caught.value.code is ErrorCode.CROSSING_BROKEN


def test_without_a_supervisor_there_is_nothing_to_live_for(
    ends: tuple[ControlEnd, ControlEnd], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(status: int) -> NoReturn:
        raise SystemExit(status)

    monkeypatch.setattr(os, "_exit", leave)
    ends[0].close()
    with pytest.raises(SystemExit) as caught:
        obey(start(ends[1]), Host())
    assert caught.value.code == 0
