"""(6) After responses: what reference counts cannot free is collected soon.

A request that ends in an exception may leave a cycle of objects behind that still holds its text. C functions leave
texts in local arrays: encoding one with letters beyond ASCII to UTF-8 does, up to 512 bytes.
What the process needs for ever is frozen at the start, so that a collection looks at little.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

from echoless.confinement.stack import StackWiper

_DELAY_S: Final = 0.2
# Later than the vault waits for the handler of a closed request to end.
_AGAIN_S: Final = 0.6


class CycleCollector:
    """Collects cycles and wipes the stack a fifth of a second after a response, once for all of that time, and once
    more when all of them have long ended; then says so.

    on_collected: told after each time, for the vault's receipts
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_collected: Callable[[], None] = lambda: None) -> None:
        self._loop = loop
        self._on_collected = on_collected
        self._timer: asyncio.TimerHandle | None = None
        self._last: asyncio.TimerHandle | None = None
        self._stack = StackWiper()
        self.collection_count = 0

    def note_response(self) -> None:
        """Take note that a response has ended."""
        if self._timer is None:
            self._timer = self._loop.call_later(_DELAY_S, self._collect)

    def close(self) -> None:
        """Collect no more."""
        for timer in (self._timer, self._last):
            if timer is not None:
                timer.cancel()

    def _collect(self) -> None:
        self._timer = None
        self._wipe()
        if self._last is not None:
            self._last.cancel()
        self._last = self._loop.call_later(_AGAIN_S, self._collect_again)

    def _collect_again(self) -> None:
        self._last = None
        self._wipe()

    def _wipe(self) -> None:
        self.collection_count += 1
        gc.collect()
        self._stack.wipe()
        self._on_collected()


def freeze_start() -> None:
    """Collect once and exempt what is left: it lives as long as the process."""
    gc.collect()
    gc.freeze()
