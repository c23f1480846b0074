"""What lets requests in is put together so that what is configured is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.records import OpenTicket, Refused, Switch
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import KEY, TTS, VOICE, GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_operators_rate_is_in_force(tmp_path: Path) -> None:
    config = config_for(tmp_path / "data", requests_per_minute_max=1)
    async with (
        open_vault(config, TurnedClock(), MemoryJournal()) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        await gateway.open()
        refused = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
        assert refused.code == ErrorCode.RATE_LIMIT_EXCEEDED.value
