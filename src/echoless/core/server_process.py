"""A server of our own, started as a user would start it, for the commands that measure or audit one.

It runs as a child of whoever starts it, on a free port of the loopback address; so its starter is an ancestor of
all its processes, which is what the kernel asks of one who wants to read their memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_api_key
from echoless.core.processes import ProcessIdentity, family_of

LOCK_NAME: Final = "server.lock"
START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.02
_PR_SET_PDEATHSIG: Final = 1
# Variables of the starter's own server must not change what is measured.
_VARIABLE_PREFIX: Final = "ECHOLESS_"
_KEY_VARIABLE: Final = "ECHOLESS_API_KEY"
_READY_WORDS: Final = b"Echoless serves at "


@dataclass(frozen=True, slots=True, repr=False)
class ServerProcess:
    """A running server. Use it as a context manager: leaving stops it.

    url:       where it listens
    api_key:   the key of its first workspace
    output:    file with everything that it printed
    ready_s:   how long it took from its start until it served
    """

    process: subprocess.Popen[bytes]
    data_directory: Path
    url: str
    api_key: str
    output: Path
    ready_s: float

    @classmethod
    def start(
        cls,
        data_directory: Path,
        output: Path,
        flags: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        interpreter: Path | None = None,
    ) -> Self:
        """Start a server and wait until it serves.

        data_directory: may hold data already
        output:         a file that takes its stdout and stderr
        flags:          more words for `echoless serve`
        settings:       `ECHOLESS_*` variables
        interpreter:    of another installation; this one's unless told
        raises:         EcholessError(ENGINE_UNAVAILABLE) when it ends or does not serve in time
        """
        api_key = (settings or {}).get(_KEY_VARIABLE, new_api_key())
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_VARIABLE_PREFIX)}
        environment |= {**(settings or {}), _KEY_VARIABLE: api_key}
        if interpreter is not None:
            # It would put this installation before the other.
            environment.pop("PYTHONPATH", None)
        python = str(interpreter or sys.executable)
        command = [python, "-P", "-m", "echoless", "serve", "--port", "0", "--data", str(data_directory)]
        began_s = time.monotonic()
        with output.open("ab") as stream:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [*command, *flags],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                # A server whose memory may be read must not outlive a killed audit.
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # one thread here, and it makes one system call
            )
        try:
            _await_ready(process, output, began_s + START_TIMEOUT_S)
            url = str(_lock_facts(data_directory)["url"])
        except BaseException:
            _stop(process)
            raise
        return cls(process, data_directory, url, api_key, output, time.monotonic() - began_s)

    def family(self) -> tuple[ProcessIdentity, ...]:
        """Return the supervisor and all processes of the server."""
        return family_of(self.process.pid)

    def stop(self) -> None:
        """Stop the server; kill what does not stop in time."""
        _stop(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def running_supervisor(data_directory: Path) -> int:
    """Return the process id of the server that runs on a data directory.

    raises: EcholessError(DATA_DIRECTORY) when the directory names none
    """
    pid = _lock_facts(data_directory).get("pid")
    if isinstance(pid, int) and Path(f"/proc/{pid}").exists():
        return pid
    raise EcholessError(ErrorCode.DATA_DIRECTORY, f"no server runs on {data_directory}")


def url_of(data_directory: Path) -> str:
    """Return where the server on a data directory listens; empty where none runs."""
    facts = _lock_facts(data_directory)
    is_running = isinstance(facts.get("pid"), int) and Path(f"/proc/{facts['pid']}").exists()
    return str(facts.get("url", "")) if is_running else ""


def is_audit_view(data_directory: Path) -> bool:
    """Whether the server that runs on a data directory was started for an audit."""
    return _lock_facts(data_directory).get("is_audit_view") is True


def _lock_facts(data_directory: Path) -> dict[str, int | str | bool]:
    try:
        facts = json.loads((data_directory / LOCK_NAME).read_bytes() or b"{}")
    except (OSError, ValueError):
        facts = {}
    return facts if isinstance(facts, dict) else {}


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when whoever started this process is gone. source: prctl(2)"""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _await_ready(process: subprocess.Popen[bytes], output: Path, deadline_s: float) -> None:
    reason = "did not serve in time"
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            reason = f"ended with status {process.returncode}"
            break
        if _READY_WORDS in output.read_bytes():
            return
        time.sleep(_POLL_S)
    raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"the server {reason}; what it said is in {output}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
