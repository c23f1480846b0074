"""The loop of a process that does jobs for gateways: one thread, one selector, many links. (4)

What the jobs are and how they take turns is the subclass's business. A link that brings what is no frame, or a
frame that is not for this process, is closed; the others do not notice.
"""

from __future__ import annotations

import selectors
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.wire import Frame


class HasFileno(Protocol):
    """Anything with a descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


class LinkLoop(ABC):
    """Serves links until it is stopped, or until it has retired and every gateway has left.

    prepare: does a little of what later jobs need and says whether it did; called while there is no step to do
    """

    def __init__(self, *, journal: Journal, clock: Clock, prepare: Callable[[], bool] | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self._prepare = prepare
        self._selector = selectors.DefaultSelector()
        self._stops_at_s: float | None = None
        self._link_count = 0
        self._is_retiring = False

    # --- for whoever wires ---

    def add_link(self, end: socket.socket) -> None:
        """Serve one end of a socketpair; the other is a gateway's."""
        link = GatewayLink(end)
        self._link_count += 1
        self._selector.register(link, selectors.EVENT_READ, lambda mask: self._serve(link, mask))

    def add_watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        """Call back whenever a descriptor can be read."""
        self._selector.register(source, selectors.EVENT_READ, lambda _mask: callback())

    def run(self) -> None:
        """Serve until the work is done after `stop`, or until the last link is gone after `retire`."""
        while not self._is_over():
            patience_s = 0.0 if self._has_steps else self._patience_s()
            if patience_s != 0.0 and self._prepare is not None and self._prepare():
                patience_s = 0.0
            self.turn(patience_s)

    @abstractmethod
    def turn(self, timeout_s: float | None) -> None:
        """Take what has arrived and do one step.

        timeout_s: how long to wait where there is no step to do; None for as long as it takes
        """

    def stop(self, deadline_s: float) -> None:
        """Take no new work, go on with what is here until the deadline, then let `run` return."""
        self._stops_at_s = self._clock.monotonic_s() + deadline_s

    def retire(self) -> None:
        """Let `run` return once every gateway has closed its link: they do when a successor is there."""
        self._is_retiring = True

    def close(self) -> None:
        """End all work and close every link."""
        self._end_all()
        for key in tuple(self._selector.get_map().values()):
            if isinstance(key.fileobj, GatewayLink):
                key.fileobj.close()
        self._selector.close()

    # --- what a subclass does ---

    @abstractmethod
    def _receive(self, link: GatewayLink, frame: Frame) -> None:
        """Take a frame.

        raises: EcholessError for one that is not for this process: its link is closed
        """

    @abstractmethod
    def _resume(self, link: GatewayLink) -> None:
        """Go on with what has waited for a link that takes bytes again."""

    @abstractmethod
    def _link_gone(self, link: GatewayLink) -> None:
        """End what belongs to a link that is closed."""

    @abstractmethod
    def _end_all(self) -> None:
        """End everything, of every link."""

    @property
    @abstractmethod
    def _has_steps(self) -> bool:
        """Whether there is something to do at once."""

    @property
    @abstractmethod
    def _has_work(self) -> bool:
        """Whether anything is unfinished: it may rest, and wait for its reader."""

    # --- for the subclass ---

    def _take(self, timeout_s: float | None) -> None:
        """Take what has arrived; wait for the first of it."""
        for key, mask in self._selector.select(timeout_s):
            key.data(mask)

    def _watch_writes(self, link: GatewayLink) -> None:
        """Look at whether a link takes bytes as long as some wait, and no longer."""
        if link.is_closed:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.is_waiting else 0)
        key = self._selector.get_key(link)
        if key.events != wanted:
            self._selector.modify(link, wanted, key.data)

    def _patience_s(self) -> float | None:
        """Return how long to wait where there is nothing to do; None for as long as it takes."""
        if self._stops_at_s is None:
            return None
        return max(0.0, self._stops_at_s - self._clock.monotonic_s())

    # --- inner ---

    def _serve(self, link: GatewayLink, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            link.flush()
            self._resume(link)
        if mask & selectors.EVENT_READ:
            self._read(link)
        self._watch_writes(link)

    def _read(self, link: GatewayLink) -> None:
        try:
            for frame in link.received():
                self._receive(link, frame)
        except EcholessError as error:
            self._journal.say(Event.FRAME_REFUSED, code=error.code)
            link.close()
        if link.is_closed:
            self._selector.unregister(link)
            self._link_count -= 1
            self._link_gone(link)

    def _is_over(self) -> bool:
        if self._stops_at_s is not None:
            return not self._has_work or self._clock.monotonic_s() >= self._stops_at_s
        return self._is_retiring and not self._link_count
