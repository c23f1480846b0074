"""A process of the gateway's parts serves behind the wall, with nothing missing (C20, C36, design of the wall)."""

from __future__ import annotations

import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.sync.client import connect

from tests.confinement import runs

pytestmark = pytest.mark.confinement

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that serves."""

    port: int
    missing: list[str]
    context: ssl.SSLContext | None
    process: subprocess.Popen[bytes]

    def connection(self) -> HTTPConnection:
        if self.context is None:
            return HTTPConnection("127.0.0.1", self.port, timeout=20)
        return HTTPSConnection("127.0.0.1", self.port, timeout=20, context=self.context)


def _certificate(directory: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(directory / "cert.pem"), str(directory / "key.pem")


@pytest.fixture(params=["plain", "tls"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    certificate, key = _certificate(tmp_path)
    database, configuration = tmp_path / "vault.db", tmp_path / "echoless.toml"
    database.write_bytes(b"rows")
    configuration.write_bytes(b"keys")
    tls = (certificate, key) if request.param == "tls" else ("", "")
    context = None
    if request.param == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = listener.fileno()
        process = subprocess.Popen(
            [
                sys.executable,
                str(_HERE / "gateway_inside.py"),
                str(descriptor),
                *tls,
                *(str(database), key, str(configuration)),
            ],
            env=runs.process_environment(),
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            yield Running(listener.getsockname()[1], json.loads(line)["missing"], context, process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, process.stderr.read().decode()
        finally:
            process.kill()
            process.communicate()


@pytest.mark.claim("Z16")
def test_gateway_serves_behind_the_wall_and_misses_no_property(gateway: Running) -> None:
    assert gateway.missing == []
    body = os.urandom(300_000)
    connection = gateway.connection()
    for _ in range(3):
        connection.request("POST", "/echo", body)
        assert connection.getresponse().read() == body
    connection.close()


def test_gateway_runs_threads_and_concurrent_requests_behind_the_wall(gateway: Running) -> None:
    def ask(_: int) -> str:
        connection = gateway.connection()
        connection.request("GET", "/thread")
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return str(answer["thread"])

    with ThreadPoolExecutor(8) as pool:
        assert all("Thread" in name or "worker" in name for name in pool.map(ask, range(32)))


def test_gateway_speaks_websocket_behind_the_wall(gateway: Running) -> None:
    scheme = "wss" if gateway.context else "ws"
    with connect(f"{scheme}://127.0.0.1:{gateway.port}/socket", ssl=gateway.context) as talk:
        talk.send("hello")
        assert talk.recv() == "hello"


@pytest.mark.claim("Z7")
@pytest.mark.seed("S4")
def test_gateway_can_read_neither_database_nor_key_nor_configuration(gateway: Running) -> None:
    connection = gateway.connection()
    connection.request("GET", "/read")
    assert json.loads(connection.getresponse().read())["answers"] == ["PermissionError"] * 3
    connection.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any process; run as an ordinary user")
def test_gateway_memory_is_closed_to_its_own_user(gateway: Running) -> None:
    """C36, T28: the control is this test's own child without the wall."""
    with subprocess.Popen(["/bin/sleep", "20"]) as control:
        Path(f"/proc/{control.pid}/maps").read_bytes()
        control.kill()
    with pytest.raises(PermissionError):
        Path(f"/proc/{gateway.process.pid}/maps").read_bytes()
    with pytest.raises(PermissionError):
        Path(f"/proc/{gateway.process.pid}/environ").read_bytes()
