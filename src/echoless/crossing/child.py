"""How every child process begins: tied to its parent's life, silent, and told what it is.

    python -m MODULE [ROLE] CONTROL JOURNAL

CONTROL and JOURNAL are inherited descriptors. The first message on the control socket is the configuration.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from echoless.confinement.kernel import Kernel
from echoless.confinement.limits import die_with_parent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import LineJournal, silence_libraries
from echoless.crossing.control import ControlEnd, EngineConfig, GatewayConfig, LiveConfig, MediaConfig, VaultConfig
from echoless.crossing.egress_control import EgressConfig
from echoless.crossing.records import Record

ChildConfig = GatewayConfig | EngineConfig | MediaConfig | LiveConfig | EgressConfig | VaultConfig


@dataclass(frozen=True, slots=True)
class ChildStart:
    """What a child has when it begins."""

    control: ControlEnd
    journal: LineJournal
    config: ChildConfig


def begin(descriptors: Sequence[str]) -> ChildStart:
    """Tie this process to its parent, replace logging and read the configuration.

    descriptors: control and journal, as decimal numbers
    raises:      EcholessError(CROSSING_BROKEN) when the parent is gone or sends something else
    """
    # A parent that died before this line is seen by the end of file on the control socket.
    die_with_parent(Kernel(), os.getppid())
    control_descriptor, journal_descriptor = (int(text) for text in descriptors)
    control = ControlEnd(socket.socket(fileno=control_descriptor))
    message = control.receive()
    config: Record | None = message[0] if message is not None else None
    if not isinstance(config, ChildConfig):
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "the first control message is no configuration")
    journal = LineJournal(journal_descriptor)
    silence_libraries(journal)
    return ChildStart(control, journal, config)


def link_end(descriptor: int) -> socket.socket:
    """Wrap a received end of a link without asking the kernel what it is."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=descriptor)
