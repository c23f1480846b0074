"""How many requests run at once, by several limits together, and who waits. Pure: no clock and no loop of its own.

Somebody is inside all of their gates or of none, so no place is held while another one is waited for. The queue is
in memory, bounded, and nobody waits longer than the deadline; whoever waits for a gate is not overtaken there.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
class Gate:
    """One limit.

    name:   of what is counted
    places: how many may be inside, as things stand now
    """

    name: str
    places: int


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """One in a queue.

    full: the gates that had no room when they came
    """

    deadline_s: float
    who: T
    full: frozenset[str]


class Turnstile(Generic[T]):
    """Counts those inside, by gate, and keeps a queue for each owner.

    wait_s: how long somebody waits at most
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._inside: Counter[str] = Counter()
        self._queues: dict[str, deque[Waiting[T]]] = {}

    @property
    def waiting_count(self) -> int:
        """How many wait, of all owners."""
        return sum(map(len, self._queues.values()))

    def enter(self, owner: str, gates: Sequence[Gate], who: T, now_s: float) -> Entrance:
        """Let somebody in, or into the queue, or away where the queue is full."""
        queue = self._queues.get(owner, ())
        waited_for = frozenset[str]().union(*(waiting.full for waiting in queue))
        full = self._full(gates) or waited_for.intersection(gate.name for gate in gates)
        if not full:
            self._inside.update(gate.name for gate in gates)
            return Entrance.ENTERED
        if self._wait_s <= 0 or self.waiting_count >= WAITING_MAX:
            return Entrance.TURNED_AWAY
        self._queues.setdefault(owner, deque()).append(Waiting(now_s + self._wait_s, who, full))
        return Entrance.WAITS

    def leave(self, names: Iterable[str]) -> None:
        """Give places back."""
        for name in names:
            self._inside[name] -= 1
            assert self._inside[name] >= 0, "a place was given back that nobody held"
            if not self._inside[name]:
                del self._inside[name]

    def admit_next(self, owner: str, gates_of: Callable[[T], Sequence[Gate]]) -> T | None:
        """Let in whoever waits longest of those for whom every gate has room, or nobody.

        gates_of: their gates as they are now; limits may have changed meanwhile
        """
        passed: set[str] = set()
        for waiting in self._queues.get(owner, ()):
            gates = gates_of(waiting.who)
            full = self._full(gates) | passed.intersection(gate.name for gate in gates)
            if not full:
                self._inside.update(gate.name for gate in gates)
                self._remove(owner, waiting)
                return waiting.who
            passed |= full
        return None

    def withdraw(self, is_wanted: Callable[[T], bool]) -> bool:
        """Take the first one that fits out of the queue; False where nobody does."""
        for owner, queue in self._queues.items():
            for waiting in queue:
                if is_wanted(waiting.who):
                    self._remove(owner, waiting)
                    return True
        return False

    def withdraw_of(self, owner: str) -> list[T]:
        """Take everybody of an owner out of the queue."""
        return [waiting.who for waiting in self._queues.pop(owner, ())]

    def expire(self, now_s: float) -> list[T]:
        """Take out everybody whose deadline has come, and return them."""
        late = [
            (owner, waiting)
            for owner, queue in self._queues.items()
            for waiting in queue
            if waiting.deadline_s <= now_s
        ]
        for owner, waiting in late:
            self._remove(owner, waiting)
        return [waiting.who for _, waiting in late]

    def next_deadline_s(self) -> float | None:
        """Return when somebody's wait ends first, or None."""
        return min((queue[0].deadline_s for queue in self._queues.values()), default=None)

    def inside_count(self, name: str) -> int:
        """Return how many are inside a gate."""
        return self._inside[name]

    def _full(self, gates: Iterable[Gate]) -> frozenset[str]:
        return frozenset(gate.name for gate in gates if self._inside[gate.name] >= gate.places)

    def _remove(self, owner: str, waiting: Waiting[T]) -> None:
        queue = self._queues[owner]
        queue.remove(waiting)
        if not queue:
            del self._queues[owner]
