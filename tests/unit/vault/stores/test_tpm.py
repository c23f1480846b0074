"""A TPM opens what it sealed and nothing else; run with swtpm where that is installed."""

from __future__ import annotations

import importlib.util
import os
import pty
import shutil
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.signing import SEED_BYTES
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import KeyRole, KeySafe
from echoless.vault.stores.tpm import TpmSealer

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
SEED = bytes(range(SEED_BYTES))
Start = Callable[[str], str]
needs_tpm = pytest.mark.skipif(
    shutil.which("swtpm") is None or importlib.util.find_spec("tpm2_pytss") is None,
    reason="needs the program swtpm and the extra tpm",
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a TPM in software by its name; return how it is reached."""
    started: list[subprocess.Popen[bytes]] = []

    def run(name: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        port = _free_port()
        started.append(
            subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}",
                 "--flags", "not-need-init,startup-clear", "--server", f"type=tcp,port={port},bindaddr=127.0.0.1",
                 "--ctrl", f"type=tcp,port={port + 1},bindaddr=127.0.0.1"]
            )
        )  # fmt: skip
        _wait_for(port + 1)
        return f"swtpm:host=127.0.0.1,port={port}"

    yield run
    for process in started:
        process.kill()
        process.wait()


def _free_port() -> int:
    """A free port whose successor is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("swtpm did not start")


@needs_tpm
def test_a_tpm_opens_what_it_sealed_and_another_does_not(start: Start) -> None:
    sealer = TpmSealer(start("one"))
    sealed = sealer.seal(memoryview(SEED))
    assert SEED not in sealed
    found = memoryview(bytearray(SEED_BYTES))
    sealer.unseal(sealed, found)
    assert bytes(found) == SEED
    for damaged in (sealed[:-1], b"", sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:]):
        with pytest.raises(EcholessError, match="did not seal"):
            sealer.unseal(damaged, found)
    sealer.close()
    other = TpmSealer(start("two"))
    with pytest.raises(EcholessError, match="did not seal") as refused:
        other.unseal(sealed, found)
    assert refused.value.code is ErrorCode.CONFIGURATION
    other.close()


@needs_tpm
def test_keys_in_a_directory_are_sealed_turned_and_opened_after_a_restart(start: Start, tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    tcti = start("one")
    sealer = TpmSealer(tcti)
    safe = KeySafe(sealer=sealer)
    first = safe.open(directory, KeyRole.RECEIPTS)
    made = safe.prepare(directory, KeyRole.RECEIPTS)
    safe.take_over(directory, KeyRole.RECEIPTS)
    sealer.close()
    again = KeySafe(sealer=TpmSealer(tcti)).open(directory, KeyRole.RECEIPTS)
    public = [key.public_key().public_bytes_raw() for key in (first, made, again)]
    assert public[1] == public[2] != public[0]
    made.public_key().verify(again.sign(b"x"), b"x")


_WALLED = """
import sys
from pathlib import Path
from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.sandbox import enter
from echoless.confinement.secret_memory import SecretMemory
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import KeyRole, KeySafe
from echoless.vault.stores.tpm import TpmSealer
directory = DataDirectory(Path(sys.argv[2]))
directory.make()
safe = KeySafe(SecretMemory(Kernel()), TpmSealer(sys.argv[1]))
enter(SandboxProfile(Role.VAULT, writable=(sys.argv[2],)), audit_view=False)
safe.open(directory, KeyRole.RECEIPTS)
safe.prepare(directory, KeyRole.RECEIPTS)
key = safe.take_over(directory, KeyRole.RECEIPTS)
key.public_key().verify(key.sign(b"x"), b"x")
print("signed", flush=True)
"""


@pytest.fixture
def device(start: Start) -> Iterator[str]:
    """The device file of a TPM: a terminal without manners, with a thread behind it that carries commands on."""
    port = int(start("one").rpartition("=")[2])
    outer, inner = pty.openpty()
    tty.setraw(outer)
    tty.setraw(inner)
    with socket.create_connection(("127.0.0.1", port)) as tpm:
        carrier = threading.Thread(target=_carry, args=(outer, tpm), daemon=True)
        carrier.start()
        yield f"device:{os.ttyname(inner)}"
        # Both ends of the terminal: the thread reads an error, and ends.
        os.close(inner)
        carrier.join(10)
        os.close(outer)


def _carry(terminal: int, tpm: socket.socket) -> None:
    def from_terminal(size: int) -> bytes:
        return os.read(terminal, size)

    try:
        while command := _message(from_terminal):
            tpm.sendall(command)
            answer = _message(tpm.recv)
            while answer:
                answer = answer[os.write(terminal, answer) :]
    except OSError:
        return


def _message(read: Callable[[int], bytes]) -> bytes:
    """One command or answer; bytes 2 to 6 are its length."""
    data = b""
    while len(data) < (10 if len(data) < 6 else int.from_bytes(data[2:6], "big")):
        more = read(4096)
        if not more:
            return b""
        data += more
    return data


@needs_tpm
@pytest.mark.confinement
def test_a_device_that_was_opened_before_the_wall_seals_behind_it(device: str, tmp_path: Path) -> None:
    """A vault turns its keys while it runs, and may open no device then."""
    words = [sys.executable, "-c", _WALLED, device, str(tmp_path / "data")]
    done = subprocess.run(words, capture_output=True, timeout=60, check=False, env={**ALLOCATOR_ENVIRONMENT})
    assert done.stdout == b"signed\n", done.stderr[-500:]


@pytest.mark.skipif(importlib.util.find_spec("tpm2_pytss") is None, reason="needs the extra tpm")
@pytest.mark.parametrize("tcti", ["swtpm:host=127.0.0.1,port=1", "device:/dev/no-such-tpm", "nonsense"])
def test_a_tpm_that_is_not_there_is_refused_by_name(tcti: str) -> None:
    with pytest.raises(EcholessError, match="signing_key_tpm") as refused:
        TpmSealer(tcti)
    assert refused.value.code is ErrorCode.CONFIGURATION


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EcholessError, match=r"echoless\[tpm\]"):
        TpmSealer("device:/dev/tpmrm0")
