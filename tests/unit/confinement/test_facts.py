"""The facts are plain values: they cross to another process and come back the same."""

from __future__ import annotations

import msgspec
import pytest

from echoless.confinement.facts import SandboxFacts

pytestmark = pytest.mark.unit


def test_facts_survive_the_crossing(good_facts: SandboxFacts) -> None:
    sent = msgspec.msgpack.encode(good_facts)
    assert msgspec.msgpack.decode(sent, type=SandboxFacts) == good_facts
