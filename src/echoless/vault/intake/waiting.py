"""Who runs and who waits: places by workspace and kind of work, and by key, as the tier and the operator say.

A request that speaks takes its place before its body is read, when nobody knows the model yet; one of a slow model
takes a second place once the model is known. Whoever waits is decided anew when a place comes free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.core.models import MODEL_BY_ID
from echoless.crossing.link import Link
from echoless.crossing.records import OpenTicket, ReserveUnits
from echoless.crossing.socket_records import BeginGeneration
from echoless.vault.intake.tickets import Ticket
from echoless.vault.intake.turnstile import Entrance, Gate, Turnstile
from echoless.vault.stores.accounts import Accounts, Caller
from echoless.vault.stores.plans import Lane, gate_name, places_of

_FAST: Final = "turbo"


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who asks for places: a new request, a generation of an open one, or one whose model is known now."""

    link: Link
    correlation: int
    record: OpenTicket | BeginGeneration | ReserveUnits
    caller: Caller
    lanes: tuple[Lane, ...]
    ticket: Ticket | None = None


class WaitingRoom:
    """Gives places and takes them back.

    concurrency_max: generations at once of each kind, where neither tier nor operator says
    wait_s:          how long somebody waits at most
    let_in:          serves somebody who has the named places now; False where they are not used
    turn_away:       refuses somebody who has waited too long, or found the queue full
    """

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        concurrency_max: int,
        wait_s: float,
        *,
        let_in: Callable[[Asking, tuple[str, ...]], bool],
        turn_away: Callable[[Asking], None],
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._concurrency_max = concurrency_max
        self._turnstile: Turnstile[Asking] = Turnstile(wait_s)
        self._let_in = let_in
        self._turn_away = turn_away
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting_count(self) -> int:
        """How many requests wait for their turn."""
        return self._turnstile.waiting_count

    def enter(self, asking: Asking) -> None:
        """Let somebody in now, if there is room; else into the queue, or away."""
        gates, workspace_id = self._gates_of(asking), asking.caller.workspace_id
        entrance = self._turnstile.enter(workspace_id, gates, asking, self._clock.monotonic_s())
        if entrance is Entrance.ENTERED:
            names = _names(gates)
            if not self._let_in(asking, names):
                self.leave(workspace_id, names)
        elif entrance is Entrance.TURNED_AWAY:
            self._turn_away(asking)
        else:
            if asking.ticket is not None:
                asking.ticket.is_asking = True
            self._set_timer()

    def leave(self, workspace_id: str, names: Sequence[str]) -> None:
        """Give places to whoever waits for them, and more where a limit was raised meanwhile."""
        self._turnstile.leave(names)
        while (asking := self._turnstile.admit_next(workspace_id, self._gates_of)) is not None:
            names = _names(self._gates_of(asking))
            if not self._let_in(asking, names):
                self._turnstile.leave(names)

    def drop(self, names: Sequence[str]) -> None:
        """Give places back that nobody may have: their workspace ends."""
        self._turnstile.leave(names)

    def withdraw(self, is_wanted: Callable[[Asking], bool]) -> bool:
        """Take the first one that fits out of the queue; False where nobody does."""
        return self._turnstile.withdraw(is_wanted)

    def withdraw_of(self, workspace_id: str) -> list[Asking]:
        """Take everybody of a workspace out of the queue."""
        return self._turnstile.withdraw_of(workspace_id)

    def expire(self) -> None:
        """Turn everybody away who has waited too long."""
        self._timer = None
        for asking in self._turnstile.expire(self._clock.monotonic_s()):
            self._turn_away(asking)
        self._set_timer()

    def stop(self) -> None:
        """Wait for nobody any more."""
        if self._timer is not None:
            self._timer.cancel()

    def standing_of(self, workspace_id: str, lane: Lane) -> tuple[int, int]:
        """Return how many requests of a kind a workspace runs, and how many it may."""
        gate = self._gate(workspace_id, lane)
        return self._turnstile.inside_count(gate.name), gate.places

    def _gates_of(self, asking: Asking) -> tuple[Gate, ...]:
        """Return the gates of somebody as things stand now: those of the workspace, then those of the key."""
        caller = asking.caller
        rights = self._accounts.rights_of(caller)
        limits = (rights.concurrency_limits or {}) if rights is not None else {}
        own = [Gate(gate_name(caller.key_id, lane), limits[lane]) for lane in asking.lanes if lane in limits]
        return (*(self._gate(caller.workspace_id, lane) for lane in asking.lanes), *own)

    def _gate(self, workspace_id: str, lane: Lane) -> Gate:
        workspace = self._accounts.workspaces[workspace_id]
        places = places_of(workspace.tier, lane, workspace.concurrency_max, self._concurrency_max)
        return Gate(gate_name(workspace_id, lane), places)

    def _set_timer(self) -> None:
        deadline_s = self._turnstile.next_deadline_s()
        if deadline_s is not None and self._timer is None:
            wait_s = max(0.0, deadline_s - self._clock.monotonic_s())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.expire)


def is_slow(model_id: str) -> bool:
    """Whether generations with a model count as slow speech too: those that make speech, without being fast."""
    model = MODEL_BY_ID.get(model_id)
    return model is not None and not model.can_do_speech_to_text and model.concurrency_group != _FAST


def _names(gates: Sequence[Gate]) -> tuple[str, ...]:
    return tuple(gate.name for gate in gates)
