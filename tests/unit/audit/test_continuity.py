"""An engine may be replaced; a gateway may not, and nothing may fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.continuity import check_continuity
from echoless.audit.reports.report import AuditReport
from echoless.core.processes import ProcessIdentity

pytestmark = pytest.mark.unit

VAULT, GATEWAY = ProcessIdentity(1, 10, "vault"), ProcessIdentity(2, 10, "gateway")
LIVE, NEXT_LIVE = ProcessIdentity(3, 10, "live"), ProcessIdentity(4, 99, "live")


@pytest.mark.parametrize(
    ("after", "status", "is_passed"),
    [
        ((VAULT, GATEWAY, LIVE), 0, True),
        ((VAULT, GATEWAY, NEXT_LIVE), 0, True),
        ((VAULT, ProcessIdentity(2, 99, "gateway"), LIVE), 0, False),
        ((VAULT, GATEWAY, NEXT_LIVE), 1, False),
        ((VAULT, GATEWAY, NEXT_LIVE), -11, False),
    ],
)
def test_who_may_be_gone(tmp_path: Path, after: tuple[ProcessIdentity, ...], status: int, is_passed: bool) -> None:
    output = tmp_path / "output"
    lines = ["Echoless serves", json.dumps({"event": "process_exited", "name": "live-0", "status": status})]
    output.write_text("\n".join(lines))
    report = AuditReport()
    check_continuity((VAULT, GATEWAY, LIVE), after, [output], report)
    assert report.is_passed is is_passed
    assert ("live-0" in report.checks[0].detail) is (status != 0)
