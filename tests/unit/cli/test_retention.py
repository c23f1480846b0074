"""`echoless retention`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.crossing.operator_policy_records import OperatorGetRetention
from echoless.retention.classes import CLASSES
from echoless.vault.queries.policy import retention_view
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


@pytest.mark.seed("S1")
def test_every_class_is_shown_with_its_purpose_and_its_life(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorGetRetention: retention_view({"request_log": 7})}):
        lines = run("retention").stdout.splitlines()
    assert len(lines) == len(CLASSES)
    shown = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert shown["request_log"][:2] == ["service, security", "7 days"]
    assert shown["history"][1] == "until deleted"
    assert (shown["history"][-1], shown["usage"][-1]) == ("nothing", "ids and counts")
