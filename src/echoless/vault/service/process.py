"""The vault as a process of its own, behind its wall."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from pathlib import Path
from typing import Final

from echoless.confinement.facts import SandboxFacts
from echoless.confinement.kernel import Kernel
from echoless.confinement.limits import die_with_parent
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter
from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal, LineJournal, silence_libraries, where
from echoless.crossing.control import (
    AddLink,
    ControlEnd,
    HostState,
    Peer,
    ProcessReady,
    StartRefused,
    Stop,
    VaultConfig,
)
from echoless.crossing.operations_records import ProcessCounts
from echoless.crossing.receipt_records import ConfinementReport
from echoless.crossing.records import Record
from echoless.vault.intake.granting import HOST_NOT_STATED
from echoless.vault.service.ground import Ground
from echoless.vault.service.opening import places_of, start_vault
from echoless.vault.service.vault import FirstKey, Vault

_SWITCH_S: Final = 0.0005


class _Process:
    """The vault as a process of its own: obeys the control socket until it is told to stop, or the socket ends."""

    def __init__(
        self, control: ControlEnd, config: VaultConfig, journal: Journal, facts: SandboxFacts, ground: Ground
    ) -> None:
        self._ground = ground
        self._control = control
        self._config = config
        self._journal = journal
        self._facts = facts
        self._stopped = asyncio.Event()
        self._listener: socket.socket | None = None

    async def run(self) -> None:
        """Serve."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._say_unexpected)
        vault = await start_vault(self._config, SystemClock(), self._journal, self._ground)
        # Until the supervisor has spoken for all processes, nothing is promised.
        vault.host.missing = frozenset({HOST_NOT_STATED})
        vault.run_schedule()
        gc.collect()
        gc.freeze()
        self._control.send(self._ready(vault.first_key))
        self._journal.say(Event.PROCESS_READY)
        self._control.set_blocking(False)
        received: asyncio.Queue[tuple[Record, tuple[int, ...]]] = asyncio.Queue()
        loop.add_reader(self._control.fileno(), self._receive, received)
        try:
            await self._obey(vault, received)
        finally:
            loop.remove_reader(self._control.fileno())
            if self._listener is not None:
                loop.remove_reader(self._listener.fileno())
                self._listener.close()
            await vault.close()

    async def _obey(self, vault: Vault, received: asyncio.Queue[tuple[Record, tuple[int, ...]]]) -> None:
        while True:
            record, descriptors = await received.get()
            match record:
                case Stop():
                    return
                case HostState():
                    vault.host.missing = frozenset(record.missing)
                case ConfinementReport():
                    vault.walls.note(record)
                case ProcessCounts():
                    vault.watch.note_processes(record)
                case AddLink(peer=Peer.GATEWAY):
                    await vault.add_gateway(socket.socket(fileno=descriptors[0]))
                case AddLink(peer=Peer.COURIER):
                    await vault.courier.add_link(socket.socket(fileno=descriptors[0]))
                    vault.outbox.wake()
                case AddLink(peer=Peer.OPERATOR_LISTENER):
                    self._listen(vault, socket.socket(fileno=descriptors[0]))
                case _:
                    raise EcholessError(ErrorCode.CROSSING_BROKEN, "the supervisor sent what a vault does not take")

    def _receive(self, received: asyncio.Queue[tuple[Record, tuple[int, ...]]]) -> None:
        try:
            message = self._control.receive()
        except BlockingIOError:
            return
        if message is None:
            # The supervisor is gone. What was acknowledged is committed; nobody waits for the rest.
            os._exit(0)
        received.put_nowait(message)

    def _listen(self, vault: Vault, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._listener = listener
        loop = asyncio.get_running_loop()
        serving: set[asyncio.Task[None]] = set()

        def accept() -> None:
            try:
                connection, _address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            task = loop.create_task(vault.add_operator(connection))
            serving.add(task)
            task.add_done_callback(serving.discard)

        loop.add_reader(listener.fileno(), accept)

    def _ready(self, first_key: FirstKey) -> ProcessReady:
        layers = {result.name: [layer.value for layer in result.layers] for result in self._facts.channels}
        return ProcessReady(
            name=self._config.name, missing=list(missing_properties(self._facts)), layers=layers,
            first_key=first_key.secret, key_hint=first_key.hint,
        )  # fmt: skip

    def _say_unexpected(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        kind = type(error) if isinstance(error, BaseException) else RuntimeError
        trace = error.__traceback__ if isinstance(error, BaseException) else None
        self._journal.say(Event.UNEXPECTED_ERROR, **where(kind, trace))


def _made_writable(config: VaultConfig) -> tuple[str, ...]:
    """Make the folders that the vault writes to, and return them: the wall is built around what exists.

    Without recipients no backup is taken, but those of before still end.

    raises: EcholessError(DATA_DIRECTORY) where one cannot be made
    """
    rules = config.backups
    folders: tuple[str, ...] = (config.data_directory,)
    if rules is not None:
        backups = (rules.archives_directory, rules.keys_directory)
        folders += backups if rules.recipients else tuple(each for each in backups if Path(each).is_dir())
    try:
        for folder in folders:
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        return folders
    raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the folder {folder} cannot be made: {reason}")


def _profile(config: VaultConfig) -> SandboxProfile:
    """Return the vault's profile: without a way out, unless a store lies there."""
    ports = places_of(config.stores).connect_ports()
    role = Role.CONNECTED_VAULT if ports else Role.VAULT
    return SandboxProfile(role, writable=_made_writable(config), connect_ports=ports)


def main(arguments: list[str]) -> int:
    """Run the vault: `python -m echoless.vault.service FD_CONTROL FD_JOURNAL`.

    returns: 0 after a stop, 1 where it could not start; the reason went over the control socket
    """
    # A parent that died before this line is seen by the end of file on the control socket.
    die_with_parent(Kernel(), os.getppid())
    control = ControlEnd(socket.socket(fileno=int(arguments[0])))
    journal = LineJournal(int(arguments[1]))
    silence_libraries(journal)
    os.umask(0o077)
    # The loop that grants tickets shares the interpreter with the threads of the stores: it waits no longer for one
    # that computes than this. Measured beside a deletion of 100,000 items.
    sys.setswitchinterval(_SWITCH_S)
    message = control.receive()
    if message is None:
        return 1
    config = message[0]
    assert isinstance(config, VaultConfig), "the first message to a vault is its configuration"
    journal.say(Event.PROCESS_STARTED)
    try:
        ground = Ground.lay(config)
        facts = enter(_profile(config), audit_view=config.is_audit_view)
        asyncio.run(_Process(control, config, journal, facts, ground).run())
    except EcholessError as error:
        control.send(StartRefused(error.code.value, error.public_description))
        return 1
    journal.say(Event.PROCESS_STOPPING)
    return 0
