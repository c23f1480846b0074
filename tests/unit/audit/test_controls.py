"""A control passes only when copies are found."""

from __future__ import annotations

import os

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.controls import control_in_flight
from echoless.audit.reports.report import AuditReport
from echoless.core.processes import ProcessIdentity
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("is_held", [True, False])
def test_a_request_in_flight_must_be_found(stub: Stub, is_held: bool) -> None:
    """The stub runs in this very process, so what it holds is found here; elsewhere nothing is."""
    stub.reply = lambda *_: (200, {}, b"x" * 100_000)
    report = AuditReport()
    process = os.getpid() if is_held else os.getppid()
    if not is_held and not os.access(f"/proc/{process}/mem", os.R_OK):
        pytest.skip("the parent's memory may not be read here")
    with AuditClient(stub.url, "k") as client:
        held = CanaryMint().plain("held", 2_000, is_kept=False)
        control_in_flight(client, [ProcessIdentity(process, 0, "gateway")], held, report)
    assert report.is_passed is is_held
