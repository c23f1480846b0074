"""The supervisor process: carries out what the plan decides.

It resolves nothing itself and sees no request: it holds the lock of the data directory and the listening sockets,
starts the children, ties them together, shows their journal and replaces them. One thread, one selector.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.confinement.host import SwapState, read_swap
from echoless.confinement.profile import Role as WallRole
from echoless.confinement.profile import SandboxProfile
from echoless.confinement.sandbox import enter
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, FieldValue, checked_fields
from echoless.crossing.control import AddLink, HostState, Peer, ProcessReady, Retire, StartRefused, Stop
from echoless.crossing.egress_control import NameResolved, ResolveName
from echoless.crossing.operations_records import ProcessCounts
from echoless.crossing.records import Record
from echoless.supervisor.children import Child, child_environment, spawn
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.data_directory import DirectoryLock
from echoless.supervisor.first_words import Welcome, hand_over_key
from echoless.supervisor.listeners import (
    OPERATOR_SOCKET_NAME,
    answer_unavailable,
    listen_http,
    listen_operator,
)
from echoless.supervisor.local_models import used_models
from echoless.supervisor.mail import mail_access
from echoless.supervisor.metrics_token import metrics_token_digest
from echoless.supervisor.plan import (
    AnnounceReady,
    AnswerUnavailable,
    AskToStop,
    Command,
    Connect,
    Exit,
    Kill,
    LetListen,
    Plan,
    Role,
    Slot,
    Spawn,
    StateHost,
)
from echoless.supervisor.remotes import declared_remotes
from echoless.supervisor.resolver import Resolver
from echoless.supervisor.role_configs import ResolvedTLS, courier_count, egress_count, may_resolve, role_config
from echoless.supervisor.terminal import Terminal
from echoless.supervisor.wall_reports import WallReports, report_of

_TICK_S: Final = 0.25
_SWAP_CHECK_S: Final = 10.0
_RETIRING: Final = frozenset({Role.ENGINE, Role.MEDIA, Role.LIVE})


def serve(config: ServerConfig) -> int:
    """Run a server until it is told to stop.

    returns: the exit status of the command
    raises:  EcholessError(CONFIGURATION or DATA_DIRECTORY) before anything was started
    """
    _require_allocator_profile(config)
    terminal = Terminal(sys.stdout, is_interactive=sys.stdout.isatty())
    lock = DirectoryLock.acquire(Path(config.data))
    try:
        tls = ResolvedTLS.of(config)
        listeners = listen_http(config.host, config.port, config.gateways)
        return Supervisor(config, terminal, lock, tls, listeners).run()
    finally:
        lock.release()


def _require_allocator_profile(config: ServerConfig) -> None:
    """Start this program anew under the allocator's profile where it is not in force yet."""
    if not config.allocator_profile or ALLOCATOR_ENVIRONMENT.items() <= dict(os.environ).items():
        return
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **ALLOCATOR_ENVIRONMENT})  # noqa: S606  # ourselves


class Supervisor:
    """Selector, children and sockets; the plan decides what happens to them."""

    def __init__(
        self,
        config: ServerConfig,
        terminal: Terminal,
        lock: DirectoryLock,
        tls: ResolvedTLS,
        listeners: list[socket.socket],
    ) -> None:
        self._config = config
        self._models = used_models(config)
        self._terminal = terminal
        self._lock = lock
        self._tls = tls
        self._listeners = listeners
        self._operator = listen_operator(Path(config.data))
        self._selector = selectors.DefaultSelector()
        self._remotes = tuple(remote.access for remote in declared_remotes(config.remotes))
        self._metrics_token_digest = metrics_token_digest(config.metrics_token_file)
        self._stated: tuple[int | None, ProcessCounts] = (None, ProcessCounts({}, {}))
        self._mail = mail_access(config.mail)
        self._resolver = Resolver(self._selector)
        self._walls = WallReports()
        self._children: dict[int, Child] = {}
        self._plan = Plan(
            config.engines, config.gateways, config.drain_deadline_s,
            media_count=config.media_engines, live_count=config.live_engines, egress_count=egress_count(config),
            courier_count=courier_count(config),
        )  # fmt: skip
        self._welcome = Welcome(config, tls, listeners[0].getsockname()[1], time.monotonic())
        self._exit_status: int | None = None
        self._next_swap_check_s = 0.0
        self._environment = child_environment(
            os.environ, ALLOCATOR_ENVIRONMENT, has_allocator_profile=config.allocator_profile
        )

    def run(self) -> int:
        """Serve until stopped, then clean up."""
        enter(SandboxProfile(WallRole.SUPERVISOR), audit_view=self._config.audit_view)
        with self._signals():
            self._lock.describe(
                {"pid": os.getpid(), "url": self._welcome.url, "is_audit_view": self._config.audit_view}
            )
            self._terminal.step("starting the vault, engines and gateways")
            self._carry_out(self._plan.start(time.monotonic()))
            while self._exit_status is None:
                self._turn()
        self._close()
        return self._exit_status

    # --- one turn of the loop ---

    def _turn(self) -> None:
        for key, _ in self._selector.select(_TICK_S):
            # A child may have been buried by an earlier event of this turn.
            if self._selector.get_map().get(key.fileobj) == key:
                react: Callable[[], None] = key.data
                react()
        now_s = time.monotonic()
        if now_s >= self._next_swap_check_s:
            self._next_swap_check_s = now_s + _SWAP_CHECK_S
            has_swap = read_swap(pages_locked=False) is SwapState.POSSIBLE
            self._carry_out(self._plan.host_changed(has_swap=has_swap))
        self._carry_out(self._plan.tick(now_s))
        self._state_processes()
        self._state_walls()

    @contextlib.contextmanager
    def _signals(self):  # type: ignore[no-untyped-def]  # a generator for contextlib
        """Turn signals into readable bytes while the loop runs."""
        woken, waker = socket.socketpair()
        woken.setblocking(False)
        waker.setblocking(False)
        previous = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: None)
        self._selector.register(woken, selectors.EVENT_READ, lambda: self._on_signals(woken.recv(4096)))
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            self._selector.unregister(woken)
            woken.close()
            waker.close()

    def _on_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number == signal.SIGCHLD:
                self._reap()
            else:
                self._terminal.step("stopping; once more to stop at once")
                self._carry_out(self._plan.stop_asked(time.monotonic()))

    def _reap(self) -> None:
        for child in tuple(self._children.values()):
            status = child.process.poll()
            if status is not None:
                self._bury(child, status)

    def _bury(self, child: Child, status: int) -> None:
        """Take leave of a child that has ended: last words, descriptors, and what the plan makes of it."""
        with contextlib.suppress(BlockingIOError):
            self._drain(child)
        for descriptor in (child.control.fileno(), child.journal, child.output):
            with contextlib.suppress(KeyError):
                self._selector.unregister(descriptor)
        if not child.is_ready and child.start_output:
            self._terminal.say(child.start_output.decode(errors="replace").rstrip())
        del self._children[child.number]
        child.close()
        self._say(
            Event.PROCESS_EXITED, name=child.slot.name, pid=child.pid, status=status,
            output_bytes=child.output_bytes,
        )  # fmt: skip
        self._carry_out(self._plan.exited(child.number, time.monotonic()))

    def _drain(self, child: Child) -> None:
        self._on_control(child)
        self._on_journal(child)
        while child.read_output():
            pass

    # --- what children say ---

    def _on_control(self, child: Child) -> None:
        while True:
            try:
                message = child.control.receive()
            except BlockingIOError:
                return
            if message is None:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(child.control.fileno())
                return
            self._on_message(child, message[0])

    def _on_message(self, child: Child, record: Record) -> None:
        now_s = time.monotonic()
        match record:
            case ProcessReady() if not child.is_ready:
                child.became_ready()
                self._walls.note(report_of(child, record))
                self._terminal.step(f"{child.slot.name} is ready ({now_s - child.started_s:.1f} s)")
                if child.slot.role is Role.VAULT:
                    self._welcome.key_hint = record.key_hint
                    self._welcome.first_key = record.first_key
                commands = self._plan.ready(
                    child.number, tuple(record.missing), has_locked_pages=record.has_locked_pages
                )
                self._carry_out(commands)
            case StartRefused() if not child.is_ready:
                self._terminal.say(f"{child.slot.name} cannot start: {record.public_description}")
                self._carry_out(self._plan.start_refused(child.number, now_s))
            case ResolveName() if child.is_ready and may_resolve(self._config, child.slot, record.host):
                number = record.number
                self._resolver.look_up(
                    record.host, lambda found: self._send(child.number, NameResolved(number, found))
                )
            case Retire() if child.slot.role in _RETIRING:
                self._say(Event.ENGINE_RECYCLED, name=child.slot.name)
                self._carry_out(self._plan.retire(child.number, now_s))
            case _:
                # Free words are taken only before a child is ready, while it is tied to nobody.
                self._say(Event.FRAME_REFUSED, kind=record.KIND, name=child.slot.name)
                child.kill()

    def _on_journal(self, child: Child) -> None:
        try:
            lines = child.read_journal()
        except BlockingIOError:
            return
        if lines is None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.journal)
            return
        for line in lines:
            self._terminal.journal(line, child.slot.name, int(time.time()))

    def _on_output(self, child: Child) -> None:
        try:
            is_open = child.read_output()
        except BlockingIOError:
            return
        if not is_open:
            self._selector.unregister(child.output)

    # --- carrying out ---

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            self._do(command)

    def _do(self, command: Command) -> None:
        match command:
            case Spawn():
                self._spawn(command.slot, command.number)
            case Connect():
                self._connect(command.first, command.second)
            case LetListen():
                self._let_listen(command.number)
            case StateHost():
                self._state_host(command)
            case AskToStop():
                self._send(command.number, Stop(command.deadline_s))
            case Kill():
                if command.number in self._children:
                    self._children[command.number].kill()
            case AnswerUnavailable():
                self._answer_unavailable(command.slot, is_on=command.is_on, is_stopping=command.is_stopping)
            case AnnounceReady():
                self._announce()
            case Exit():
                self._exit_status = command.status

    def _spawn(self, slot: Slot, number: int) -> None:
        child = spawn(slot, number, self._environment)
        self._children[number] = child
        for descriptor, react in (
            (child.control.fileno(), lambda: self._on_control(child)),
            (child.journal, lambda: self._on_journal(child)),
            (child.output, lambda: self._on_output(child)),
        ):
            self._selector.register(descriptor, selectors.EVENT_READ, react)
        self._say(Event.PROCESS_STARTED, name=slot.name, pid=child.pid)
        config = role_config(
            self._config, slot, self._tls, self._remotes, self._models,
            metrics_token_digest=self._metrics_token_digest, mail=self._mail,
        )  # fmt: skip
        self._send(number, config)
        if slot.role is Role.VAULT:
            self._send(number, AddLink(Peer.OPERATOR_LISTENER, slot.name), (self._operator.fileno(),))

    def _let_listen(self, number: int) -> None:
        child = self._children.get(number)
        if child is not None:
            listener = self._listeners[child.slot.index]
            self._send(number, AddLink(Peer.HTTP_LISTENER, child.slot.name), (listener.fileno(),))

    def _connect(self, first: int, second: int) -> None:
        """Give each of two children one end of a socketpair and keep none, so that each sees the other end."""
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with one, other:
            for number, peer_number, end in ((first, second, one), (second, first, other)):
                if number in self._children and peer_number in self._children:
                    slot = self._children[peer_number].slot
                    self._send(number, AddLink(Peer(slot.role.value), slot.name), (end.fileno(),))

    def _send(self, number: int, record: Record, descriptors: tuple[int, ...] = ()) -> None:
        """Send to a child; one that is gone will be seen by its exit."""
        child = self._children.get(number)
        if child is not None:
            with contextlib.suppress(EcholessError):
                child.control.send(record, descriptors)

    def _state_host(self, command: StateHost) -> None:
        self._send(command.vault, HostState(list(command.missing)))
        for code in command.missing:
            if code != "starting":
                self._say(Event.ZERO_RETENTION_REFUSED_BY_HOST, reason=code, assurance=self._config.assurance)

    def _state_processes(self) -> None:
        """Tell the vault how many processes there are, where that changed, or where the vault is a new one."""
        vault = self._plan.ready_vault
        counts = ProcessCounts(self._plan.ready_counts, self._plan.restart_counts)
        if vault is not None and self._stated != (vault, counts):
            self._stated = (vault, counts)
            self._send(vault, counts)

    def _state_walls(self) -> None:
        """Tell the vault which process serves where, so that it can look at each."""
        vault = self._plan.ready_vault
        for report in self._walls.due(vault):
            if vault is not None:
                self._send(vault, report)

    def _answer_unavailable(self, slot: Slot, *, is_on: bool, is_stopping: bool) -> None:
        listener = self._listeners[slot.index]
        if not is_on:
            self._selector.unregister(listener)
            return
        listener.setblocking(False)
        is_tls = self._tls.is_on

        def answer() -> None:
            answer_unavailable(listener, is_tls=is_tls, is_stopping=is_stopping)

        self._selector.register(listener, selectors.EVENT_READ, answer)

    def _announce(self) -> None:
        welcome = self._welcome
        if welcome.first_key:
            hand_over_key(welcome, Path(self._config.data), self._terminal)
        for line in welcome.lines(self._plan.missing, time.monotonic()):
            self._terminal.say(line)

    def _say(self, event: Event, **fields: FieldValue) -> None:
        self._terminal.event(event, checked_fields(event, fields), "supervisor", int(time.time()))

    def _close(self) -> None:
        self._resolver.close()
        for listener in self._listeners:
            listener.close()
        self._operator.close()
        (Path(self._config.data) / OPERATOR_SOCKET_NAME).unlink(missing_ok=True)
        self._selector.close()
        if self._children:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, f"{len(self._children)} children are left")
