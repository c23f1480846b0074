"""Every role has a way to hold content, and what is held is what must be found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.in_flight import HOLDING
from echoless.audit.lab_server import Lab, LabServer
from echoless.audit.options import AuditOptions
from echoless.audit.parts.crashes import ROLES
from echoless.audit.reports.report import AuditReport
from echoless.audit.sounds import SoundMint
from echoless.cli.operator_door import ask_running
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Running:
    url: str
    api_key: str = "k"


def server_at(stub: Stub) -> LabServer:
    lab = Lab(AuditOptions(ask_running), AuditReport(), Path("/nowhere"), CanaryMint(seed=2))
    return LabServer(lab, "stub", lab.place, (), {}, _process=cast("object", Running(stub.url)))  # type: ignore[arg-type]  # only its address is asked for


def test_every_role_that_is_struck_can_be_given_content() -> None:
    assert set(ROLES) | {"supervisor"} == set(HOLDING)


@pytest.mark.parametrize(("role", "kept"), [("engine", set()), ("vault", {"zero/x/kept text"})])
def test_a_stream_is_held_with_needles_for_its_text(stub: Stub, role: str, kept: set[str]) -> None:
    stub.reply = lambda *_: (200, {}, b"x" * 1_024)
    server = server_at(stub)
    with HOLDING[role](server, cast("SoundMint", None), "zero/x") as held:
        assert {needle.owner for needle in held.needles} == {"zero/x/text", *kept}
        assert held.kept == kept
        assert [answer.status for answer in held.answers] == [200]
    for _, path, body, _ in stub.asked:
        is_zero = b"enable_logging=false" in path.encode()
        names = {canary.name for canary in server.lab.mint.canaries if canary.text.encode() in body}
        assert names == ({"zero/x/text"} if is_zero else kept)
