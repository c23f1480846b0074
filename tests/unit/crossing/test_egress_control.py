"""Control messages of egress processes."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.control import ControlEnd
from echoless.crossing.egress_control import EgressConfig, NameResolved, OutboundRules, RemoteAccess, ResolveName

pytestmark = pytest.mark.unit


def test_a_name_and_its_addresses_cross() -> None:
    one, other = ControlEnd.pair()
    for record in (ResolveName(7, "files.example"), NameResolved(7, ["1.1.1.1", "2606:4700::1"])):
        one.send(record)
        assert other.receive() == (record, ())
    one.close()
    other.close()


def test_a_name_longer_than_any_name_does_not_arrive() -> None:
    one, other = ControlEnd.pair()
    one.send(ResolveName(7, "a" * 300))
    with pytest.raises(EcholessError):
        other.receive()
    one.close()
    other.close()


def test_a_process_is_told_its_remote_or_its_rules_and_prints_neither() -> None:
    access = RemoteAccess("one", "openai", "https://speech.example", "sk-secret", True, False)
    config = EgressConfig("egress-0", False, "strict", True, (443,), remote=access)
    assert "sk-secret" not in repr(config) + repr(access)
    one, other = ControlEnd.pair()
    one.send(config)
    assert other.receive() == (config, ())
    one.send(EgressConfig("egress-1", False, "strict", True, (443,), outbound=OutboundRules(False, False)))
    assert other.receive() is not None
    one.close()
    other.close()
