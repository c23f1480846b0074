"""Opening a vault: first keys, and what a restart finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import (
    HistoryPage,
    ListHistory,
)
from echoless.crossing.records import (
    UnitsReserved,
)
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import TTS, GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_restart_keeps_everything(config: VaultConfig, clock: TurnedClock, journal: MemoryJournal) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        item_id = await gateway.make("Still here.", b"audio" * 1000)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert [item.item_id for item in page.items] == [item_id]
        granted = await gateway.open(TTS)
        assert granted.mode is RetentionMode.DEFAULT
        await gateway.reserve(granted, 5, UnitsReserved)
        accounts = vault.administration.accounts
        assert accounts.meter(granted.workspace_id).character_count == 11 + 5


async def test_the_first_start_makes_a_key_and_later_ones_do_not(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "data", bootstrap_api_key="")
    async with open_vault(config, clock, journal) as vault:
        first = vault.first_key
        assert first.secret.startswith("sk_")
        assert first.hint == first.secret[-4:]
        async with GatewayDouble.connected(vault) as gateway:
            assert (await gateway.open(key=first.secret, switch=Switch.LOGGING_OFF)).mode is RetentionMode.ZERO
    async with open_vault(config, clock, journal) as vault:
        assert (vault.first_key.secret, vault.first_key.hint) == ("", first.hint)


async def test_another_configured_first_key_is_refused_with_an_explanation(
    config: VaultConfig, tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault:
        assert vault.first_key.secret == ""
    for _ in range(2):
        with pytest.raises(EcholessError, match="not the one") as caught:
            async with open_vault(
                config_for(tmp_path / "data", bootstrap_api_key="sk_" + "9" * 48, stores=config.stores),
                clock,
                journal,
            ):
                raise AssertionError("a vault with a foreign key opened")
        assert caught.value.code is ErrorCode.CONFIGURATION
    async with open_vault(config, clock, journal):
        pass


@pytest.mark.parametrize("key", ["short", "has blanks in it, which no header carries", "ä" * 20])
async def test_a_first_key_that_no_header_can_carry_is_refused(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, key: str
) -> None:
    with pytest.raises(EcholessError, match="16 to 64"):
        async with open_vault(config_for(tmp_path / "data", bootstrap_api_key=key), clock, journal):
            raise AssertionError("it opened")
