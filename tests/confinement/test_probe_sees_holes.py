"""The probe fails when the wall has a hole: each rule taken out makes it say OPEN (C20, C60)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from echoless.confinement.channels import CHANNELS
from echoless.confinement.kernel import Kernel, number_of
from echoless.confinement.probe import controls
from echoless.confinement.rules import UNREVIEWED_ERRNO
from tests.confinement import runs

pytestmark = pytest.mark.confinement


@pytest.fixture(scope="session")
def verdicts() -> Mapping[str, str]:
    result: Mapping[str, str] = runs.run("holes.py")
    return result


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_rule_taken_out_makes_the_probe_say_open(verdicts: Mapping[str, str], channel) -> None:  # type: ignore[no-untyped-def]  # pytest names the parameter's type
    answers = controls(Kernel())
    known = [call for call in channel.calls if number_of(call.name) is not None and call.has_control]
    if known and all(answers[call].errno == UNREVIEWED_ERRNO for call in known):
        pytest.skip(f"unproved here: this kernel does not have {channel.name}")
    assert verdicts[channel.name] == "open"


def test_probe_of_the_whole_wall_misses_nothing() -> None:
    assert runs.run("properties_inside.py", "full") == []
    assert runs.run("properties_inside.py", "engine") == []
    assert runs.run("properties_inside.py", "egress") == []
