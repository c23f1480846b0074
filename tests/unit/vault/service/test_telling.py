"""What tells people is put together so that what is configured is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.notices.standings import FlagRules
from echoless.vault.service.carrying import LinkedCourier
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_operators_limits_are_in_force_and_the_parts_know_each_other(tmp_path: Path) -> None:
    config = config_for(
        tmp_path / "data", moderation_flags_max=9, moderation_severe_max=0, moderation_window_days=30
    )  # fmt: skip
    async with open_vault(config, TurnedClock(), MemoryJournal()) as vault:
        telling = vault.telling
        assert telling.standings.rules == FlagRules(9, 0, 30)
        assert isinstance(telling.outbox.courier, LinkedCourier)
        assert telling.outbox.on_delivered == telling.restrictions.note_delivered
        assert (vault.outbox, vault.courier) == (telling.outbox, telling.courier)
        assert telling.outbox.addresses is vault.identity.people
