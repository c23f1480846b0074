"""A self-signed certificate, for clients that dial wss only and for trying out."""

from __future__ import annotations

import datetime
import ipaddress
import os
from pathlib import Path
from typing import Final

_LIFE: Final = datetime.timedelta(days=825)


def self_signed_pair(directory: Path, host: str) -> tuple[Path, Path]:
    """Return paths of a certificate and its key, made where they are not there yet.

    The key is readable to this user only. The certificate names localhost, both loopback addresses and `host`.
    """
    certificate_path, key_path = directory / "self-signed.crt", directory / "self-signed.key"
    if not (certificate_path.exists() and key_path.exists()):
        directory.mkdir(mode=0o700, exist_ok=True)
        certificate, key = _make(host)
        _write(key_path, key, 0o600)
        _write(certificate_path, certificate, 0o644)
    return certificate_path, key_path


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _make(host: str) -> tuple[bytes, bytes]:
    # Loaded only when asked for: the supervisor stays small.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Echoless, self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses = {"127.0.0.1", "::1"}
    try:
        addresses.add(str(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in sorted(addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
