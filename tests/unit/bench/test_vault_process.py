"""A vault alone, asked over its own sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.bench.vault_measures import _config
from echoless.bench.vault_process import VaultProcess
from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import ListWorkspaces, WorkspaceList
from echoless.crossing.records import OpenTicket, TicketGranted
from echoless.retention.decision import Switch

pytestmark = pytest.mark.unit


def test_it_grants_tickets_and_serves_the_operator(tmp_path: Path) -> None:
    vault = VaultProcess.start(_config(tmp_path), tmp_path / "door")
    try:
        with vault.gateway() as gateway, vault.operator() as operator:
            listed = operator.ask(ListWorkspaces(), WorkspaceList)
            assert len(listed.workspaces) == 1
            question = OpenTicket("GET /v1/history", vault.first_key, Switch.ABSENT, "")
            gateway.ask(question, TicketGranted)
            with pytest.raises(EcholessError, match="Refused"):
                gateway.ask(OpenTicket("GET /v1/history", "sk_wrong", Switch.ABSENT, ""), TicketGranted)
    finally:
        vault.stop()
    assert vault.process.returncode == 0
