"""Names for egress processes, which have no resolver: each is looked up by a short-lived process of its own.

The supervisor never waits for one. Names of zero-retention requests are content: nothing here says or keeps one.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RUNNING_MAX: Final = 8
WAITING_MAX: Final = 64
_ADDRESSES_MAX: Final = 16
_ANSWER_BYTES_MAX: Final = 4096
_PROGRAM: Final = Path(__file__).with_name("name_lookup.py")
Answer = Callable[[list[str]], None]


@dataclass(slots=True)
class _Lookup:
    process: subprocess.Popen[bytes]
    answer: Answer
    received: bytes = b""


class Resolver:
    """Look-ups under way, and those that wait for their turn.

    selector: of the supervisor's loop; its data is what to call
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._running: dict[int, _Lookup] = {}
        self._waiting: deque[tuple[str, Answer]] = deque()

    def look_up(self, host: str, answer: Answer) -> None:
        """Find the addresses of a name; `answer` is called later, with an empty list where there are none.

        Too many questions at once are answered so too: whoever asked will fail, and nobody waits without end.
        """
        if len(self._running) < RUNNING_MAX:
            self._start(host, answer)
        elif len(self._waiting) < WAITING_MAX:
            self._waiting.append((host, answer))
        else:
            answer([])

    def close(self) -> None:
        """End every look-up; nobody is answered any more."""
        self._waiting.clear()
        for descriptor, lookup in tuple(self._running.items()):
            self._end(descriptor, lookup)

    def _start(self, host: str, answer: Answer) -> None:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
            [sys.executable, "-I", "-S", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"},
            cwd="/",
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError), process.stdin as name:
            name.write(host.encode("ascii", "replace"))
        lookup = _Lookup(process, answer)
        descriptor = process.stdout.fileno()
        os.set_blocking(descriptor, False)
        self._running[descriptor] = lookup
        self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._read(descriptor, lookup))

    def _read(self, descriptor: int, lookup: _Lookup) -> None:
        try:
            data = os.read(descriptor, _ANSWER_BYTES_MAX)
        except BlockingIOError:
            return
        lookup.received += data
        if data and len(lookup.received) < _ANSWER_BYTES_MAX:
            return
        self._end(descriptor, lookup)
        lookup.answer(lookup.received.decode("ascii", "replace").split()[:_ADDRESSES_MAX])
        if self._waiting and len(self._running) < RUNNING_MAX:
            self._start(*self._waiting.popleft())

    def _end(self, descriptor: int, lookup: _Lookup) -> None:
        self._selector.unregister(descriptor)
        del self._running[descriptor]
        lookup.process.kill()
        lookup.process.wait()
        assert lookup.process.stdout is not None
        lookup.process.stdout.close()
