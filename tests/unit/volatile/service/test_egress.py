"""How an egress process begins: what it trusts, and the exchange that it makes with itself."""

from __future__ import annotations

import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_control import EgressConfig, OutboundRules, RemoteAccess
from echoless.volatile.service.egress import _Egress, _rehearse, _trust
from tests.fakes.egress_pair import certificate_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def config(ca_path: str = "") -> EgressConfig:
    return EgressConfig(
        "egress-0", False, "strict", True, (443,), outbound=OutboundRules(False, False), ca_path=ca_path
    )


def performer_of(settings: EgressConfig) -> Any:
    start: Any = SimpleNamespace(control=SimpleNamespace(send=None), journal=None)
    return _Egress(start, settings, _trust(settings))._performer()


def test_only_the_ports_that_were_declared_are_within_reach() -> None:
    """Landlock is not everywhere, so the process minds its ports itself."""
    assert performer_of(config())._connections._reach.ports == {443}
    remote = RemoteAccess("r", "openai", "https://r.example:8443/v1", "", False, False)
    declared = replace(config(), remote=remote, outbound=None, connect_ports=(8443,))
    assert performer_of(declared).adapter._calls._connections._reach.ports == {8443}


async def test_the_rehearsal_makes_a_whole_exchange() -> None:
    await _rehearse(ssl.create_default_context())


def test_certificates_and_names_are_verified() -> None:
    context = _trust(config())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_operators_certificates_take_the_place_of_the_systems(tmp_path: Path) -> None:
    context = _trust(config(certificate_for(tmp_path, "files.example")[0]))
    assert len(context.get_ca_certs()) == 1


def test_certificates_that_cannot_be_read_keep_it_from_starting(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    for content in (None, "no certificate"):
        if content is not None:
            nothing.write_text(content)
        with pytest.raises(EcholessError) as caught:
            _trust(config(str(nothing)))
        assert (caught.value.code, caught.value.param) == (ErrorCode.CONFIGURATION, "outbound_ca_file")
