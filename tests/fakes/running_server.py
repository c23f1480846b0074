"""A real server for tests: `echoless serve` on a free port with a data directory of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
_DEAF = {"ECHOLESS_MEDIA_ENGINES": "0", "ECHOLESS_LIVE_ENGINES": "0"}
TEST_KEY = "sk_test_" + "0123456789abcdef" * 2


@dataclass(slots=True)
class RunningServer:
    """One server and how to reach it."""

    base_url: str
    api_key: str
    data_directory: Path
    process: subprocess.Popen[bytes]
    output_path: Path

    @property
    def host(self) -> str:
        """Host and port, for http.client."""
        return urllib.parse.urlsplit(self.base_url).netloc

    def connect(self, timeout_s: float = 30.0) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection(self.host, timeout=timeout_s)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        key: str | None = "",
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own and read the whole answer.

        body: bytes as they are, anything else as JSON; key: empty for the server's own, None for none
        """
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json"} | (headers or {})
        if key is not None:
            sent["xi-api-key"] = key or self.api_key
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return (
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids of supervisor and children by role, from the kernel."""
        from echoless.core.processes import family_of

        found: dict[str, list[int]] = {}
        for identity in family_of(self.process.pid):
            found.setdefault(identity.role, []).append(identity.pid)
        return found

    def output(self) -> str:
        """Return what the server has said so far."""
        return self.output_path.read_text(errors="replace")

    def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def spawn_server(
    directory: Path,
    *flags: str,
    variables: dict[str, str] | None = None,
    key: str = TEST_KEY,
    output_name: str = "output",
) -> subprocess.Popen[bytes]:
    """Start a server below a directory without waiting for it; its words go to a file of that name.

    Without a file of settings it has no engine that hears, unless `variables` ask for one: they take long to start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECHOLESS_")}
    if "--config" not in flags:
        environment |= _DEAF
    environment |= {"HOME": str(directory), **(variables or {})}
    if key:
        environment["ECHOLESS_API_KEY"] = key
    command = [sys.executable, "-m", "echoless", "serve", "--port", "0", "--data", str(directory / "data"), *flags]
    with (directory / output_name).open("wb") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)


def wait_until_ready(process: subprocess.Popen[bytes], directory: Path, key: str = TEST_KEY) -> RunningServer:
    """Wait until the server answers, and say what it said if it does not."""
    output_path, lock_path = directory / "output", directory / "data" / "server.lock"
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{output_path.read_text()}")
        if " serves at " in output_path.read_text(errors="replace"):
            facts = json.loads(lock_path.read_text())
            return RunningServer(facts["url"], key, directory / "data", process, output_path)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the server is not ready after {START_TIMEOUT_S} s:\n{output_path.read_text()}")


@contextlib.contextmanager
def running_server(
    directory: Path,
    *flags: str,
    variables: dict[str, str] | None = None,
    key: str = TEST_KEY,
) -> Iterator[RunningServer]:
    """Run a server for the length of a block; it must end cleanly."""
    process = spawn_server(directory, *flags, variables=variables, key=key)
    try:
        server = wait_until_ready(process, directory, key)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
