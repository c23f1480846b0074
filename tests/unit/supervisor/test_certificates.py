"""The self-signed pair."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from echoless.supervisor.certificates import self_signed_pair

pytestmark = pytest.mark.unit


def test_the_pair_serves_names_loopback_and_the_host_and_is_made_once(tmp_path: Path) -> None:
    certificate, key = self_signed_pair(tmp_path / "tls", "speech.example")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    names = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert set(names.value.get_values_for_type(x509.DNSName)) == {"localhost", "speech.example"}
    assert {str(a) for a in names.value.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    assert key.stat().st_mode & 0o777 == 0o600
    first = key.read_bytes()
    self_signed_pair(tmp_path / "tls", "speech.example")
    assert key.read_bytes() == first
