"""The operator's way into the vault: through the running server's socket, or the vault itself while none runs."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Final, TypeVar

from echoless.cli.screen import show_note
from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.answers import told
from echoless.crossing.control import VaultConfig
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.data_directory import LOCK_NAME, DirectoryLock, holder_of
from echoless.supervisor.listeners import OPERATOR_SOCKET_NAME
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.role_configs import ResolvedTLS, role_config

_ANSWER_TIMEOUT_S: Final = 30.0
_CORRELATION: Final = 1
A = TypeVar("A", bound=Record)


def ask(config: ServerConfig, question: Record, answer_type: type[A]) -> A:
    """Put one question to the vault of a data directory.

    config:      names the data directory
    answer_type: the record that the question is answered by
    raises:      EcholessError(DATA_DIRECTORY) when there is no such directory or the server does not answer;
                 EcholessError with the vault's code when it refuses
    """
    directory = Path(config.data)
    if not (directory / LOCK_NAME).exists():
        raise EcholessError(
            ErrorCode.DATA_DIRECTORY,
            f"{directory} holds no data of Echoless yet; start the server once, or name another with --data",
        )
    answer = ask_running(directory, question) if holder_of(directory) else _ask_resting(config, question)
    return told(answer, answer_type)


def ask_running(directory: Path, question: Record, *, timeout_s: float = _ANSWER_TIMEOUT_S) -> Record:
    """Ask the server that runs on a data directory.

    raises: EcholessError(DATA_DIRECTORY) when it cannot be reached or does not answer in time
    """
    registry = RecordRegistry(OPERATOR_RECORDS)
    try:
        with _connect(directory, timeout_s) as door:
            door.sendall(registry.encode(question, correlation=_CORRELATION))
            return _receive(door, registry)
    except OSError as error:
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else os.strerror(error.errno or 0)
    raise EcholessError(ErrorCode.DATA_DIRECTORY, f"cannot speak with the server on {directory}: {reason}")


def _connect(directory: Path, timeout_s: float) -> socket.socket:
    """Connect through a directory descriptor, since Unix socket paths end at 107 bytes."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.settimeout(timeout_s)
        door.connect(f"/proc/self/fd/{descriptor}/{OPERATOR_SOCKET_NAME}")
    except OSError:
        door.close()
        raise
    finally:
        os.close(descriptor)
    return door


def _receive(door: socket.socket, registry: RecordRegistry) -> Record:
    reader = FrameReader()
    while received := door.recv_into(reader.writable()):
        for frame in reader.advance(received):
            if frame.header.correlation == _CORRELATION:
                return registry.decode(frame)
    raise ConnectionResetError(104, "the server closed the door")


def _ask_resting(config: ServerConfig, question: Record) -> Record:
    """Open the vault in this process, under the directory's lock, so that no server can start meanwhile."""
    from echoless.vault.service.opening import open_vault

    vault_config = role_config(config, Slot(Role.VAULT, 0), ResolvedTLS())
    assert isinstance(vault_config, VaultConfig), "the vault's role has the vault's configuration"

    async def once() -> Record:
        async with open_vault(vault_config, SystemClock(), MemoryJournal()) as vault:
            if vault.first_key.secret:
                # No server had come so far as to make a workspace: this is the only time that its key is shown.
                show_note(
                    f"a first workspace was made; its API key, shown only this once: {vault.first_key.secret}"
                )
            return await vault.operate_alone(question)

    lock = DirectoryLock.acquire(Path(config.data))
    try:
        return asyncio.run(once())
    finally:
        lock.release()
