"""Looks on while a server works: one thread, which waits for what the kernel tells and looks again at short
intervals at what it does not tell.

What a source holds is searched once the watch is over: what was planted is not known before.
"""

from __future__ import annotations

import contextlib
import selectors
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode

INTERVAL_S: Final = 0.01
_STOP_TIMEOUT_S: Final = 10.0


class Source(Protocol):
    """Something that can be watched."""

    def descriptor(self) -> int | None:
        """Return what becomes readable when there is something to take; None where nobody tells."""

    def take(self) -> None:
        """Take what there is, without waiting."""

    def look(self) -> None:
        """Look; called at each interval."""

    def close(self) -> None:
        """End; what was seen stays."""


@contextlib.contextmanager
def watching(sources: Sequence[Source], interval_s: float = INTERVAL_S) -> Iterator[None]:
    """Watch while the block runs.

    raises: EcholessError(INTERNAL_ERROR) at its end when a source failed: what was not watched proves nothing
    """
    stop, failed = threading.Event(), list[str]()

    def run() -> None:
        try:
            _watch(sources, stop, interval_s)
        except Exception as error:  # told at the end of the block, by its type
            failed.append(type(error).__name__)

    thread = threading.Thread(target=run, name="watcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOP_TIMEOUT_S)
        if thread.is_alive():
            failed.append("TimeoutError")
        for source in sources:
            source.close()
    if failed:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, f"the watch ended early: {failed[0]}")


def _watch(sources: Sequence[Source], stop: threading.Event, interval_s: float) -> None:
    with selectors.DefaultSelector() as selector:
        for source in sources:
            descriptor = source.descriptor()
            if descriptor is not None:
                selector.register(descriptor, selectors.EVENT_READ, source)
        next_s, is_last = 0.0, False
        while not is_last:
            # Once more after the end: what happened before it is told by now.
            is_last = stop.is_set()
            for key, _ in selector.select(0.0 if is_last else max(0.0, next_s - time.monotonic())):
                key.data.take()
            if is_last or time.monotonic() >= next_s:
                for source in sources:
                    source.look()
                next_s = time.monotonic() + interval_s
