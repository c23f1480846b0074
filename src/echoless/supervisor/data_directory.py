"""The data directory as the supervisor knows it: one server per directory."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

LOCK_NAME: Final = "server.lock"


@dataclass(slots=True)
class DirectoryLock:
    """The lock of a data directory; held until the process ends or `release` is called."""

    path: Path
    _descriptor: int

    @classmethod
    def acquire(cls, data_directory: Path) -> DirectoryLock:
        """Make the directory for this user only and take its lock.

        raises: EcholessError(DATA_DIRECTORY) when another server has it or it cannot be made
        """
        path = data_directory / LOCK_NAME
        try:
            data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
        else:
            return cls._locked(path, descriptor)
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"cannot use the data directory {data_directory}: {reason}")

    @classmethod
    def _locked(cls, path: Path, descriptor: int) -> DirectoryLock:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = holder_of(path.parent)
        else:
            return cls(path, descriptor)
        os.close(descriptor)
        who = f" (process {holder['pid']})" if "pid" in holder else ""
        raise EcholessError(
            ErrorCode.DATA_DIRECTORY,
            f"another server{who} already uses {path.parent}; stop it first, or choose another --data directory",
        )

    def describe(self, facts: Mapping[str, int | str | bool]) -> None:
        """Write who holds the lock, for commands that look for a running server."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(dict(facts)).encode(), 0)

    def release(self) -> None:
        """Give the directory back."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def holder_of(data_directory: Path) -> dict[str, int | str | bool]:
    """Return what the running server wrote into its lock; empty when none runs.

    returns: `pid`, `url`, `is_audit_view`
    """
    path = data_directory / LOCK_NAME
    try:
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                facts = json.loads(lock.read() or b"{}")
                return dict(facts) if isinstance(facts, dict) else {}
    except FileNotFoundError:
        pass
    return {}
