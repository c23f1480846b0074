"""(6) After responses: what reference counts cannot free is collected soon.

A request that ends in an exception may leave a cycle of objects behind that still holds its text. C functions leave
texts in local arrays: encoding one with letters beyond ASCII to UTF-8 does, up to 512 bytes.
What the process needs for ever is frozen at the start, so that a collection looks at little.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from echoless.confinement.stack import StackWiper

_DELAY_S: Final = 0.2


class CycleCollector:
    """Collects cycles and wipes the stack a fifth of a second after a response, once for all of that time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._stack = StackWiper()
        self.collection_count = 0

    def note_response(self) -> None:
        """Take note that a response has ended."""
        if self._timer is None:
            self._timer = self._loop.call_later(_DELAY_S, self._collect)

    def close(self) -> None:
        """Collect no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _collect(self) -> None:
        self._timer = None
        self.collection_count += 1
        gc.collect()
        self._stack.wipe()


def freeze_start() -> None:
    """Collect once and exempt what is left: it lives as long as the process."""
    gc.collect()
    gc.freeze()
