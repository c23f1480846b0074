"""An egress process's parts and a gateway's, in one loop: what is asked on one side goes out on the other."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from echoless.core.journal import MemoryJournal
from echoless.crossing.egress_client import EgressLinks
from echoless.volatile.egress.connections import Connections, Reach
from echoless.volatile.egress.host import EgressHost, Performer

HOST = "files.example"
PEER = "egress-0"


class FixedNames:
    """Knows every name; each look-up takes the next list of addresses, and the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers or (["127.0.0.1"],))
        self.asked: list[str] = []

    async def addresses_of(self, host: str) -> Sequence[str]:
        """Return addresses."""
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def reach_of(
    *,
    allows_private: bool = True,
    allows_plain: bool = True,
    names: FixedNames | None = None,
    ca: str | None = None,
    ports: frozenset[int] | None = None,
) -> Connections:
    """Return connections for a test; by default to loopback and in the clear."""
    context = ssl.create_default_context(cafile=ca)
    return Connections(names or FixedNames(), context, Reach(allows_private, allows_plain, 5, ports))


@dataclass(slots=True)
class Pair:
    """Both sides, tied."""

    host: EgressHost
    links: EgressLinks
    journal: MemoryJournal


@asynccontextmanager
async def tied(performer: Performer) -> AsyncIterator[Pair]:
    """Tie a gateway's side to an egress process's."""
    journal = MemoryJournal()
    host, links = EgressHost(performer, journal), EgressLinks()
    one, other = socket.socketpair()
    await host.add_link(one)
    await links.add_link(other, PEER)
    try:
        async with asyncio.timeout(20):
            yield Pair(host, links, journal)
    finally:
        links.close()
        await host.stop(1)
        await asyncio.sleep(0.01)


def certificate_for(directory: Path, *names: str) -> tuple[str, str]:
    """Write a certificate of its own making for names and addresses; return the paths of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    known = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(paths[0]), str(paths[1])
