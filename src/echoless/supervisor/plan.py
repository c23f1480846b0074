"""The supervisor's decisions: events in, commands out. No I/O and no clock.

Slots are fixed: one vault, so many engines of each kind, so many gateways. A slot's process may change;
each process has a number of its own, so a late event of a dead one is never taken for its successor's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

RESTART_DELAY_S_MAX: Final = 10.0
_FIRST_DELAY_S: Final = 0.25
_STABLE_AFTER_S: Final = 30.0
_SILENT_AFTER_S: Final = 2.0
_KILL_MARGIN_S: Final = 2.0


class Role(StrEnum):
    """The kinds of children."""

    VAULT = "vault"
    ENGINE = "engine"
    MEDIA = "media"
    LIVE = "live"
    EGRESS = "egress"
    COURIER = "courier"
    GATEWAY = "gateway"


class Phase(StrEnum):
    """Where a process is in its life."""

    STARTING = "starting"
    READY = "ready"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one process."""

    role: Role
    index: int

    @property
    def name(self) -> str:
        """The name in journals and links; the vault stands alone."""
        return self.role.value if self.role is Role.VAULT else f"{self.role}-{self.index}"


# --- commands ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a process for a slot."""

    slot: Slot
    number: int


@dataclass(frozen=True, slots=True)
class Connect:
    """Make a link between two processes."""

    first: int
    second: int


@dataclass(frozen=True, slots=True)
class LetListen:
    """Give a gateway its listening socket: from now on clients reach it."""

    number: int


@dataclass(frozen=True, slots=True)
class StateHost:
    """Tell the vault which properties are missing."""

    vault: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskToStop:
    """Let a process finish what it does."""

    number: int
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Kill:
    """End a process at once."""

    number: int


@dataclass(frozen=True, slots=True)
class AnswerUnavailable:
    """Answer 503 in place of a gateway that does not come back, or stop doing so.

    is_stopping: the server stops, and this gateway had nothing left to do
    """

    slot: Slot
    is_on: bool
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class AnnounceReady:
    """Every slot has had a ready process: the server serves."""


@dataclass(frozen=True, slots=True)
class Exit:
    """The supervisor is done."""

    status: int


Command = Spawn | Connect | LetListen | StateHost | AskToStop | Kill | AnswerUnavailable | AnnounceReady | Exit


@dataclass(slots=True)
class _Process:
    slot: Slot
    number: int
    started_s: float
    phase: Phase = Phase.STARTING
    missing: tuple[str, ...] = ()
    has_locked_pages: bool = False
    is_listening: bool = False
    kill_at_s: float | None = None


@dataclass(slots=True)
class _SlotState:
    failures: int = 0
    restart_at_s: float | None = None
    down_since_s: float | None = None
    is_answering: bool = False


@dataclass(slots=True)
class Plan:
    """All that the supervisor knows of its children.

    stop_deadline_s: how long running requests may take once a stop is asked for
    """

    engine_count: int
    gateway_count: int
    stop_deadline_s: float
    media_count: int = 0
    live_count: int = 0
    egress_count: int = 0
    courier_count: int = 0
    host_has_swap: bool = False
    _processes: dict[int, _Process] = field(default_factory=dict)
    _slots: dict[Slot, _SlotState] = field(default_factory=dict)
    _last_number: int = 0
    _stated: tuple[str, ...] | None = None
    _is_announced: bool = False
    _stopping: Role | None = None
    _exit_status: int = 0
    _restarts: dict[Role, int] = field(default_factory=dict)

    # --- events ---

    def start(self, now_s: float) -> list[Command]:
        """Start everything, the vault first."""
        slots = [Slot(Role.VAULT, 0)]
        for role, count in (
            (Role.ENGINE, self.engine_count),
            (Role.MEDIA, self.media_count),
            (Role.LIVE, self.live_count),
            (Role.EGRESS, self.egress_count),
            (Role.COURIER, self.courier_count),
            (Role.GATEWAY, self.gateway_count),
        ):
            slots += [Slot(role, index) for index in range(count)]
        commands: list[Command] = []
        for slot in slots:
            self._slots[slot] = _SlotState()
            commands += self._spawn(slot, now_s)
        return commands

    def ready(self, number: int, missing: tuple[str, ...], *, has_locked_pages: bool = False) -> list[Command]:
        """A process has shown its wall. Only now is it tied to anybody, and a gateway let listen after that.

        The vault hears of the wall first: nobody is served by a process whose report was not taken into account.
        """
        process = self._processes.get(number)
        if process is None or process.phase is not Phase.STARTING:
            return []
        process.phase = Phase.READY
        process.missing = missing
        process.has_locked_pages = has_locked_pages
        state = self._slots[process.slot]
        state.down_since_s = None
        commands: list[Command] = []
        if state.is_answering:
            state.is_answering = False
            commands.append(AnswerUnavailable(process.slot, is_on=False))
        commands += self._restate()
        commands += self._ties_of(process)
        commands += self._listeners()
        if not self._is_announced and all(self._ready_in(slot) for slot in self._slots):
            self._is_announced = True
            commands.append(AnnounceReady())
        return commands

    def exited(self, number: int, now_s: float) -> list[Command]:
        """A process is gone, for whatever reason."""
        process = self._processes.pop(number, None)
        if process is None:
            return []
        if self._stopping is not None:
            return [*self._answer_for(process.slot), *self._continue_stop(now_s)]
        if process.phase is Phase.RETIRING:
            return self._restate()
        state = self._slots[process.slot]
        state.down_since_s = now_s if state.down_since_s is None else state.down_since_s
        self._restarts[process.slot.role] = self._restarts.get(process.slot.role, 0) + 1
        state.failures = 0 if now_s - process.started_s > _STABLE_AFTER_S else state.failures + 1
        return [*self._restate(), *self._respawn_after(process.slot, state, now_s)]

    def start_refused(self, number: int, now_s: float) -> list[Command]:
        """A child says that it cannot serve at all: nothing is gained by trying again."""
        if number not in self._processes:
            return []
        self._exit_status = 1
        return self.stop_asked(now_s)

    def retire(self, number: int, now_s: float) -> list[Command]:
        """An engine wants a successor; it ends by itself once its links are closed."""
        process = self._processes.get(number)
        if process is None or process.phase is not Phase.READY or self._stopping is not None:
            return []
        process.phase = Phase.RETIRING
        return self._spawn(process.slot, now_s)

    def host_changed(self, *, has_swap: bool) -> list[Command]:
        """The host was looked at again: swap may have been added since the processes looked."""
        self.host_has_swap = has_swap
        return self._restate()

    def stop_asked(self, now_s: float) -> list[Command]:
        """Stop: gateways first, then engines and ways out, then the vault. Asked twice, kill."""
        if self._stopping is not None:
            return [Kill(number) for number in self._processes]
        self._stopping = Role.GATEWAY
        return self._continue_stop(now_s)

    def tick(self, now_s: float) -> list[Command]:
        """Time has passed."""
        commands: list[Command] = [
            Kill(process.number)
            for process in self._processes.values()
            if process.kill_at_s is not None and now_s >= process.kill_at_s
        ]
        if self._stopping is not None:
            return commands
        for slot, state in self._slots.items():
            if state.restart_at_s is not None and now_s >= state.restart_at_s:
                state.restart_at_s = None
                commands += self._spawn(slot, now_s)
            if self._is_silent(slot, state, now_s):
                state.is_answering = True
                commands.append(AnswerUnavailable(slot, is_on=True))
        return commands

    # --- questions ---

    @property
    def missing(self) -> tuple[str, ...]:
        """Every property that zero retention needs and that some process or the host does not have."""
        codes: set[str] = set()
        for process in self._processes.values():
            if process.phase is Phase.STARTING:
                continue
            codes |= set(process.missing)
            if self.host_has_swap and not process.has_locked_pages:
                codes.add("swap_on")
        # Later a slot without a ready process serves nobody, since it is tied to nobody.
        is_starting = not self._is_announced and not all(self._ready_in(slot) for slot in self._slots)
        return tuple(sorted(codes | ({"starting"} if is_starting else set())))

    @property
    def ready_counts(self) -> dict[str, int]:
        """How many processes of each role serve."""
        roles = [process.slot.role.value for process in self._processes.values() if process.phase is Phase.READY]
        return {role: roles.count(role) for role in sorted(set(roles))}

    @property
    def restart_counts(self) -> dict[str, int]:
        """How many processes of each role ended by themselves and got a successor."""
        return {role.value: count for role, count in self._restarts.items()}

    @property
    def ready_vault(self) -> int | None:
        """The number of the vault's process, once it serves."""
        vault = self._ready_in(Slot(Role.VAULT, 0))
        return None if vault is None else vault.number

    # --- inner ---

    def _spawn(self, slot: Slot, now_s: float) -> list[Command]:
        self._last_number += 1
        number = self._last_number
        self._processes[number] = _Process(slot, number, now_s)
        if slot.role is Role.VAULT:
            self._stated = None
        return [Spawn(slot, number)]

    def _ties_of(self, process: _Process) -> list[Command]:
        """Tie a process that has just become ready to every ready one that it speaks to."""
        return [
            Connect(process.number, other.number)
            for other in self._processes.values()
            if other.phase is Phase.READY and _are_linked(process.slot.role, other.slot.role)
        ]

    def _listeners(self) -> list[Command]:
        """Let every ready gateway listen once there is a vault and an engine behind it."""
        ready = [process for process in self._processes.values() if process.phase is Phase.READY]
        if not {Role.VAULT, Role.ENGINE} <= {process.slot.role for process in ready}:
            return []
        waiting = [p for p in ready if p.slot.role is Role.GATEWAY and not p.is_listening]
        for process in waiting:
            process.is_listening = True
        return [LetListen(process.number) for process in waiting]

    def _respawn_after(self, slot: Slot, state: _SlotState, now_s: float) -> list[Command]:
        if state.failures <= 1:
            return self._spawn(slot, now_s)
        delay_s = min(_FIRST_DELAY_S * 2 ** (state.failures - 2), RESTART_DELAY_S_MAX)
        state.restart_at_s = now_s + delay_s
        return []

    def _ready_in(self, slot: Slot) -> _Process | None:
        for process in self._processes.values():
            if process.slot == slot and process.phase is Phase.READY:
                return process
        return None

    def _is_silent(self, slot: Slot, state: _SlotState, now_s: float) -> bool:
        is_down = state.down_since_s is not None and now_s - state.down_since_s >= _SILENT_AFTER_S
        return slot.role is Role.GATEWAY and is_down and not state.is_answering

    def _answer_for(self, slot: Slot) -> list[Command]:
        """While others still drain, nobody shall wait at the door of a gateway that is gone."""
        state = self._slots[slot]
        if slot.role is not Role.GATEWAY or state.is_answering:
            return []
        state.is_answering = True
        return [AnswerUnavailable(slot, is_on=True, is_stopping=True)]

    def _restate(self) -> list[Command]:
        """Tell a ready vault the state of the host where it has not heard it yet."""
        vault = self._ready_in(Slot(Role.VAULT, 0))
        if vault is None or self.missing == self._stated:
            return []
        self._stated = self.missing
        return [StateHost(vault.number, self.missing)]

    def _continue_stop(self, now_s: float) -> list[Command]:
        """Ask the next kind of process to stop once the kind before it is gone."""
        for role in _STOP_ORDER:
            alive = [process for process in self._processes.values() if process.slot.role is role]
            if not alive:
                continue
            fresh = [process for process in alive if process.kill_at_s is None]
            for process in fresh:
                process.kill_at_s = now_s + self.stop_deadline_s + _KILL_MARGIN_S
            return [AskToStop(process.number, self.stop_deadline_s) for process in fresh]
        return [Exit(self._exit_status)]


_STOP_ORDER: Final = (Role.GATEWAY, Role.ENGINE, Role.MEDIA, Role.LIVE, Role.EGRESS, Role.COURIER, Role.VAULT)


def _are_linked(one: Role, other: Role) -> bool:
    """Gateways speak to the vault, to every engine and to every way out, and the vault to its courier; nobody else
    speaks to anybody.
    """
    if Role.COURIER in {one, other}:
        return Role.VAULT in {one, other}
    return (one is Role.GATEWAY) is not (other is Role.GATEWAY)
