"""What the supervisor tells a process of jobs while it serves."""

from __future__ import annotations

import os
import socket
from typing import Protocol

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.child import ChildStart, link_end
from echoless.crossing.control import AddLink, Peer, Stop


class Host(Protocol):
    """Whatever serves the gateways of such a process."""

    def add_link(self, end: socket.socket) -> None:
        """Serve one end of a socketpair; the other is a gateway's."""
        ...

    def stop(self, deadline_s: float) -> None:
        """Take no new work and end by the deadline."""
        ...


def obey(start: ChildStart, host: Host) -> None:
    """Do what the supervisor says; without a supervisor there is nothing to live for.

    raises: EcholessError(CROSSING_BROKEN) for a message that is not for such a process
    """
    while True:
        try:
            message = start.control.receive()
        except BlockingIOError:
            return
        if message is None:
            os._exit(0)
        record, descriptors = message
        if isinstance(record, AddLink) and record.peer is Peer.GATEWAY:
            host.add_link(link_end(descriptors[0]))
        elif isinstance(record, Stop):
            host.stop(record.deadline_s)
        else:
            raise EcholessError(
                ErrorCode.CROSSING_BROKEN, "this control message is not for a process that does jobs"
            )
