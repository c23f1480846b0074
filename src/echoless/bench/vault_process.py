"""A vault alone: started as the supervisor would, asked as a gateway and as the operator would.

Questions are put over blocking sockets, so that what is measured is the vault and not a loop of ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.control import AddLink, ControlEnd, HostState, Peer, ProcessReady, Stop, VaultConfig
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import Record, RecordRegistry, core_registry
from echoless.crossing.socket_records import SOCKET_RECORDS
from echoless.crossing.wire import FrameReader

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **ALLOCATOR_ENVIRONMENT}
_STOP_S: Final = 30.0
_ANSWER_S: Final = 120.0
R = TypeVar("R", bound=Record)


class Asker:
    """One link: questions out, answers in, one at a time."""

    def __init__(self, end: socket.socket, registry: RecordRegistry) -> None:
        end.settimeout(_ANSWER_S)
        self._end = end
        self._registry = registry
        self._reader = FrameReader()
        self._correlation = 0

    def ask(self, question: Record, expected: type[R], ticket: bytes = NO_TICKET) -> R:
        """Put a question and return its answer.

        raises: EcholessError(CROSSING_BROKEN) where the vault answers otherwise or ends
        """
        self._correlation += 1
        self._end.sendall(self._registry.encode(question, correlation=self._correlation, ticket=TicketId(ticket)))
        while received := self._end.recv_into(self._reader.writable()):
            for frame in self._reader.advance(received):
                if frame.header.correlation == self._correlation:
                    answer = self._registry.decode(frame)
                    if isinstance(answer, expected):
                        return answer
                    raise EcholessError(ErrorCode.CROSSING_BROKEN, f"{type(answer).__name__} was answered")
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "the vault has ended")

    def tell(self, record: Record, ticket: bytes) -> None:
        """Send what is not answered."""
        self._end.sendall(self._registry.encode(record, ticket=TicketId(ticket)))

    def tell_content(self, data: bytes) -> None:
        """Send a frame that is encoded already."""
        self._end.sendall(data)

    def close(self) -> None:
        """Close this end."""
        self._end.close()


@dataclass(slots=True)
class VaultProcess:
    """One running vault.

    operator_path: where the operator's door is
    """

    process: subprocess.Popen[bytes]
    control: ControlEnd
    operator_path: Path
    first_key: str

    @classmethod
    def start(cls, config: VaultConfig, operator_path: Path) -> Self:
        """Start one and wait until it serves.

        raises: EcholessError(ENGINE_UNAVAILABLE) where it does not
        """
        ours, theirs = ControlEnd.pair()
        journal = os.open(os.devnull, os.O_WRONLY)
        command = [sys.executable, "-P", "-m", "echoless.vault.service", str(theirs.fileno()), str(journal)]
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command, env=_ENVIRONMENT, pass_fds=(theirs.fileno(), journal), cwd="/", stdin=subprocess.DEVNULL
        )
        os.close(journal)
        # Whoever keeps the other end open never sees that a vault has ended.
        theirs.close()
        ours.send(config)
        message = ours.receive()
        if message is None or not isinstance(message[0], ProcessReady):
            process.kill()
            process.wait()
            ours.close()
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the vault does not start")
        vault = cls(process, ours, operator_path, message[0].first_key)
        vault._open_door()
        # For all processes that there are: nothing is missing.
        ours.send(HostState([]))
        return vault

    def _open_door(self) -> None:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.operator_path))
            listener.listen()
            self.control.send(AddLink(Peer.OPERATOR_LISTENER, "operator"), (listener.fileno(),))

    @contextlib.contextmanager
    def gateway(self) -> Iterator[Asker]:
        """Ask as a gateway."""
        ours, theirs = socket.socketpair()
        self.control.send(AddLink(Peer.GATEWAY, "gateway-0"), (theirs.fileno(),))
        theirs.close()
        asker = Asker(ours, core_registry(QUERY_RECORDS, SOCKET_RECORDS))
        try:
            yield asker
        finally:
            asker.close()

    @contextlib.contextmanager
    def operator(self) -> Iterator[Asker]:
        """Ask as the operator."""
        end = socket.socket(socket.AF_UNIX)
        end.connect(str(self.operator_path))
        asker = Asker(end, RecordRegistry(OPERATOR_RECORDS))
        try:
            yield asker
        finally:
            asker.close()

    def kill(self) -> None:
        """Kill -9 and wait."""
        self.process.send_signal(signal.SIGKILL)
        self._close()

    def stop(self) -> None:
        """Stop in order; a vault that does not is killed."""
        self.control.send(Stop(_STOP_S))
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._close()

    def _close(self) -> None:
        self.process.wait()
        self.control.close()
        self.operator_path.unlink(missing_ok=True)
