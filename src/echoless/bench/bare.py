"""The bare side of the comparison: engine and encoder in processes of their own, without server or wall."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from echoless.bench.corpus import BenchText
from echoless.bench.load import LoadClient
from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.errors import EcholessError, ErrorCode

_LENGTH: Final = struct.Struct(">I")
_MODULE: Final = "echoless.volatile.service.bare"
_MEDIA_MODULE: Final = "echoless.volatile.service.bare_media"
_SOCKET_BYTES: Final = 4 * 1024 * 1024


class BareFraming:
    """Jobs and answers with a length before each piece."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = requests
        self._header = bytearray()
        self._left = 0

    def request(self, job_index: int) -> bytes:
        """Return a job."""
        return self._requests[job_index]

    def feed(self, data: memoryview) -> tuple[int, bool]:
        """Take bytes of the answer."""
        audio = place = 0
        while place < len(data):
            if self._left:
                took = min(self._left, len(data) - place)
                audio, place, self._left = audio + took, place + took, self._left - took
                continue
            took = min(_LENGTH.size - len(self._header), len(data) - place)
            self._header += data[place : place + took]
            place += took
            if len(self._header) == _LENGTH.size:
                self._left = _LENGTH.unpack(self._header)[0]
                self._header.clear()
                if self._left == 0:
                    return audio, True
        return audio, False


@dataclass(slots=True)
class BareProcesses:
    """Some bare engines. Use as a context manager: leaving ends them.

    clients: one per process; a process has one job at a time
    """

    processes: list[subprocess.Popen[bytes]]
    clients: list[LoadClient]

    @classmethod
    def start(cls, count: int, output_format: str, texts: Sequence[BenchText]) -> Self:
        """Start so many processes under the allocator profile of the server and wait until they are ready.

        raises: EcholessError(ENGINE_UNAVAILABLE) when one does not start
        """
        jobs = [f"{item.catalogue_id}\n{item.text}".encode() for item in texts]
        requests = [_LENGTH.pack(len(job)) + job for job in jobs]
        bare = cls([], [])
        try:
            for _ in range(count):
                bare._start_one(output_format, requests)
        except BaseException:
            bare.stop()
            raise
        return bare

    @classmethod
    def start_media(cls, count: int, work: str) -> Self:
        """Start so many processes that `transcribe` or `convert`; jobs are samples, given to their ends.

        raises: EcholessError(ENGINE_UNAVAILABLE) when one does not start
        """
        bare = cls([], [])
        try:
            for _ in range(count):
                bare._start_one(work, (), module=_MEDIA_MODULE)
        except BaseException:
            bare.stop()
            raise
        return bare

    def _start_one(self, argument: str, requests: Sequence[bytes], module: str = _MODULE) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        environment = {**os.environ, **ALLOCATOR_ENVIRONMENT, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.clients.append(LoadClient(ours, BareFraming(requests)))
        self.processes.append(
            subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-P", "-m", module, str(theirs.fileno()), argument],
                pass_fds=(theirs.fileno(),),
                env=environment,
            )
        )
        theirs.close()
        if len(ours.recv(_LENGTH.size)) != _LENGTH.size:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "a bare engine did not start")

    def stop(self) -> None:
        """End the processes: they stop at the end of their input."""
        for client in self.clients:
            client.end.close()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
