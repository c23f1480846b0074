"""A vault in a process of its own, as the supervisor would start it: wall, control socket, links."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.crossing.control import AddLink, ControlEnd, Peer, ProcessReady, StartRefused, Stop, VaultConfig
from echoless.crossing.link import Link
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import Record, core_registry
from tests.fakes.gateway_double import GatewayDouble

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **ALLOCATOR_ENVIRONMENT}


@dataclass(slots=True)
class VaultProcess:
    """One running vault."""

    process: subprocess.Popen[bytes]
    control: ControlEnd
    journal_descriptor: int

    @classmethod
    def start(cls, config: VaultConfig) -> tuple[VaultProcess, ProcessReady | StartRefused]:
        """Start one and return what it says first."""
        ours, theirs = ControlEnd.pair()
        journal_read, journal_write = os.pipe()
        command = [sys.executable, "-P", "-m", "echoless.vault.service", str(theirs.fileno()), str(journal_write)]
        process = subprocess.Popen(
            command, env=_ENVIRONMENT, pass_fds=(theirs.fileno(), journal_write), cwd="/", stdin=subprocess.DEVNULL
        )
        theirs.close()
        os.close(journal_write)
        vault = cls(process, ours, journal_read)
        ours.send(config)
        message = ours.receive()
        assert message is not None, f"the vault ended without a word: {vault.ended_words()!r}"
        assert isinstance(message[0], ProcessReady | StartRefused)
        return vault, message[0]

    async def gateway(self) -> GatewayDouble:
        """Give the vault a new gateway's link and return its other end."""
        ours, theirs = socket.socketpair()
        self.send(AddLink(Peer.GATEWAY, "gateway-0"), theirs.fileno())
        theirs.close()
        return GatewayDouble(await Link.open(ours, core_registry(QUERY_RECORDS)))

    def send(self, record: Record, *descriptors: int) -> None:
        """Send a control message."""
        self.control.send(record, descriptors)

    def words(self) -> bytes:
        """Return everything that the journal said, once the process has ended."""
        with os.fdopen(self.journal_descriptor, "rb", closefd=False) as pipe:
            return pipe.read()

    def ended_words(self) -> bytes:
        """Return what the journal of a vault said that ended by itself."""
        self.process.wait(20)
        return self.words()

    def kill(self) -> None:
        """Kill -9 and wait."""
        self.process.send_signal(signal.SIGKILL)
        self.close()

    def stop(self) -> int:
        """Stop in order and return the exit code."""
        self.send(Stop(5.0))
        self.process.wait(20)
        return self.close()

    def close(self) -> int:
        """Wait for the end and give everything back."""
        code = self.process.wait(20)
        self.control.close()
        os.close(self.journal_descriptor)
        return code
