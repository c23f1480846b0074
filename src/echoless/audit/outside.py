"""A server out there that takes what is sent to it and answers nobody until it may.

So what goes outward, to a remote, to a webhook or to where a recording is fetched from, can be held on its way.
It listens on loopback alone, with a certificate of its own making that a laboratory's server is told to trust.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HOST: Final = "127.0.0.1"
_LIFE: Final = datetime.timedelta(days=1)
_HELD_S_MAX: Final = 120.0
_SILENT_S_MAX: Final = 30.0
_LOOK_S: Final = 0.05
_BODY_BYTES_MAX: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request that has come in whole; prints as nothing of it."""

    path: str = field(repr=False)
    body: bytes = field(repr=False)


class Outside:
    """What has arrived, and whether it may be answered.

    answer: what everybody is answered with, status 200
    """

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._may_answer = threading.Event()
        self._lock = threading.Lock()
        self._arrived: list[Arrived] = []
        self.ca_path = Path()
        self.port = 0

    @contextlib.contextmanager
    def listening(self, place: Path) -> Iterator[Outside]:
        """Listen until the block is left.

        place: takes certificate and key
        """
        self.ca_path, key_path = _certificate(place)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_path, key_path)
        with ThreadingHTTPServer((_HOST, 0), _handler(self)) as listener:
            listener.daemon_threads, listener.block_on_close = True, False
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
            self.port = listener.server_port
            thread = threading.Thread(target=listener.serve_forever, args=(_LOOK_S,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.let_go()
                listener.shutdown()
                thread.join()

    def url(self, path: str) -> str:
        """Return an address here."""
        return f"https://{_HOST}:{self.port}{path}"

    def hold(self) -> None:
        """Answer nobody from now on."""
        self._may_answer.clear()

    def let_go(self) -> None:
        """Answer whoever waits, and whoever comes."""
        self._may_answer.set()

    def arrived(self) -> tuple[Arrived, ...]:
        """Return what has come in since the start."""
        with self._lock:
            return tuple(self._arrived)

    def take(self, arrived: Arrived) -> bytes:
        """Note what has arrived, wait until it may be answered, and return the answer."""
        with self._lock:
            self._arrived.append(arrived)
        self._may_answer.wait(_HELD_S_MAX)
        return self._answer


def _handler(outside: Outside) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENT_S_MAX

        def take(self) -> None:
            """Take one request and answer it; whoever was struck meanwhile has hung up, which is what it is for."""
            with contextlib.suppress(OSError):
                length = min(int(self.headers.get("content-length", 0)), _BODY_BYTES_MAX)
                answer = outside.take(Arrived(self.path, self.rfile.read(length)))
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def do_GET(self) -> None:  # the base class calls it so
            """Take a question for a recording."""
            self.take()

        def do_POST(self) -> None:  # the base class calls it so
            """Take a text, results or a notice."""
            self.take()

        def log_message(self, *_: object) -> None:
            """Say nothing: an address is content."""

    return Handler


def _certificate(place: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback and its key; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a laboratory's outside")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LIFE).not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = place / "outside.pem", place / "outside-key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths
