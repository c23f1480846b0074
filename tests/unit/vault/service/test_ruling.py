"""What rules requests is put together so that the operator sees what is configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.operator_policy_records import OperatorGetPolicy, OperatorGetRetention, WorkspacePolicy
from echoless.crossing.policy_records import RetentionView
from echoless.retention.schedule import Kept
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_operators_places_and_lives_are_those_that_are_told(tmp_path: Path) -> None:
    config = config_for(tmp_path / "data", concurrent_requests_max=7, history_days=11)
    async with open_vault(config, TurnedClock(), MemoryJournal()) as vault:
        (workspace_id,) = vault.administration.accounts.workspaces
        policy = await vault.operate(OperatorGetPolicy(workspace_id))
        assert isinstance(policy, WorkspacePolicy)
        assert set(policy.places.values()) == {7}
        told = await vault.operate(OperatorGetRetention())
        assert isinstance(told, RetentionView)
        assert {view.name: view.life_days for view in told.classes}[Kept.HISTORY.value] == 11
