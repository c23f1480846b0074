"""How many requests of a workspace run at once, and who waits. Pure: no clock and no loop of its own.

The queue is in memory, bounded, first come first served, and nobody waits longer than the deadline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

WAITING_MAX: Final = 512
T = TypeVar("T")


class Entrance(StrEnum):
    """What happened to somebody who wants in."""

    ENTERED = "entered"
    WAITS = "waits"
    TURNED_AWAY = "turned_away"


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """One in the queue."""

    deadline_s: float
    who: T


@dataclass(slots=True)
class _Gate(Generic[T]):
    inside_count: int = 0
    queue: deque[Waiting[T]] = field(default_factory=deque)


class Turnstile(Generic[T]):
    """Counts those inside, by owner.

    wait_s: how long somebody waits at most
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._gates: dict[str, _Gate[T]] = {}
        self._waiting_count = 0

    @property
    def waiting_count(self) -> int:
        """How many wait, of all owners."""
        return self._waiting_count

    @property
    def running_count(self) -> int:
        """How many are inside, of all owners."""
        return sum(gate.inside_count for gate in self._gates.values())

    def enter(self, owner: str, inside_max: int, who: T, now_s: float) -> Entrance:
        """Let somebody in, or into the queue, or away where the queue is full."""
        gate = self._gates.setdefault(owner, _Gate())
        if gate.inside_count < inside_max and not gate.queue:
            gate.inside_count += 1
            return Entrance.ENTERED
        if self._waiting_count >= WAITING_MAX or self._wait_s <= 0:
            return Entrance.TURNED_AWAY
        gate.queue.append(Waiting(now_s + self._wait_s, who))
        self._waiting_count += 1
        return Entrance.WAITS

    def leave(self, owner: str, inside_max: int) -> T | None:
        """Give a place back; return whoever has it now, or None.

        inside_max: as it is now; where it was lowered meanwhile, the place is gone
        """
        gate = self._gates[owner]
        gate.inside_count -= 1
        admitted = self.admit_next(owner, inside_max)
        if admitted is None and not gate.inside_count and not gate.queue:
            del self._gates[owner]
        return admitted

    def admit_next(self, owner: str, inside_max: int) -> T | None:
        """Let in whoever waits longest, if there is a place; for a limit that was raised while somebody waited."""
        gate = self._gates.get(owner)
        if gate is None or not gate.queue or gate.inside_count >= inside_max:
            return None
        gate.inside_count += 1
        self._waiting_count -= 1
        return gate.queue.popleft().who

    def withdraw(self, is_wanted: Callable[[T], bool]) -> bool:
        """Take the first one that fits out of the queue; False where nobody does."""
        for gate in self._gates.values():
            for waiting in gate.queue:
                if is_wanted(waiting.who):
                    gate.queue.remove(waiting)
                    self._waiting_count -= 1
                    return True
        return False

    def withdraw_of(self, owner: str) -> list[T]:
        """Take everybody of one owner out of the queue, and return them."""
        gate = self._gates.get(owner)
        if gate is None:
            return []
        gone = [waiting.who for waiting in gate.queue]
        self._waiting_count -= len(gone)
        gate.queue.clear()
        return gone

    def expire(self, now_s: float) -> list[T]:
        """Take out everybody whose deadline has come, and return them."""
        late: list[T] = []
        for gate in self._gates.values():
            while gate.queue and gate.queue[0].deadline_s <= now_s:
                late.append(gate.queue.popleft().who)
                self._waiting_count -= 1
        return late

    def next_deadline_s(self) -> float | None:
        """Return when somebody's wait ends first, or None."""
        return min((gate.queue[0].deadline_s for gate in self._gates.values() if gate.queue), default=None)

    def inside_count(self, owner: str) -> int:
        """Return how many of an owner are inside."""
        gate = self._gates.get(owner)
        return gate.inside_count if gate is not None else 0
