"""Thousands of zero-retention requests, one after the other: memory stays flat and no process is replaced."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from echoless.core.processes import resident_bytes
from tests.fakes.raw_client import SPEECH
from tests.fakes.running_server import RunningServer

MIB: Final = 1024 * 1024
_PER_CONNECTION: Final = 50
_TEXTS: Final = (
    "Yes.",
    "The appointment is on Tuesday at half past nine, in the second building.",
    "Numbers such as 1,482 and 3.14 are spelled out, and so is the 5th of May 2031. " * 4,
)


@dataclass(frozen=True, slots=True)
class Growth:
    """One process before and after."""

    role: str
    pid: int
    before_bytes: int
    after_bytes: int

    @property
    def grown_bytes(self) -> int:
        """How much it grew."""
        return self.after_bytes - self.before_bytes


def flat_memory(
    server: RunningServer, warm_up_count: int, count: int, progress: Callable[[int], None] = lambda _done: None
) -> list[Growth]:
    """Warm up, then speak; return how each process grew over the second part.

    raises: AssertionError where a request fails, or a process was replaced meanwhile
    """
    _speak(server, warm_up_count, lambda _done: None)
    pids = server.pids()
    before = {pid: resident_bytes(pid) for members in pids.values() for pid in members}
    _speak(server, count, progress)
    assert server.pids() == pids, "a process was replaced"
    return [
        Growth(role, pid, before[pid], resident_bytes(pid)) for role, members in pids.items() for pid in members
    ]


def _speak(server: RunningServer, count: int, progress: Callable[[int], None]) -> None:
    headers = {"xi-api-key": server.api_key, "content-type": "application/json"}
    path = f"{SPEECH}?enable_logging=false&output_format=mp3_22050_32"
    connection: http.client.HTTPConnection | None = None
    for number in range(count):
        if connection is None or number % _PER_CONNECTION == 0:
            if connection is not None:
                connection.close()
            connection = server.connect()
        # Each text is another one, so that nothing that is kept by text could pass unseen.
        body = json.dumps({"text": f"{_TEXTS[number % len(_TEXTS)]} Number {number}."})
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        audio = response.read()
        assert response.status == 200, f"request {number} was answered {response.status}"
        assert len(audio) > 1000, f"request {number} was answered with {len(audio)} bytes"
        assert response.getheader("x-echoless-retention") == "zero"
        progress(number + 1)
    if connection is not None:
        connection.close()
