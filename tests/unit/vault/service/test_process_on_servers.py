"""The vault's process with its stores on real servers: behind its wall, killed, and cut off from them."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.control import ProcessReady, StartRefused, StoreAccess
from echoless.crossing.query_records import DeleteHistoryItem, Done, GetHistoryItem, HistoryItemView
from tests.fakes.gateway_double import GatewayDouble, config_for
from tests.fakes.vault_process import VaultProcess

pytestmark = [
    pytest.mark.unit,
    pytest.mark.anyio,
    pytest.mark.parametrize("stores", ["postgresql-s3"], indirect=True),
]
ITEM = "GET /v1/history/{item}"
KILLS = 5


async def test_the_process_reaches_its_stores_from_behind_the_wall(tmp_path: Path, stores: StoreAccess) -> None:
    """The wall is there: strict assurance, and the probe found each channel as it must be."""
    vault, ready = VaultProcess.start(config_for(tmp_path / "data", stores=stores))
    assert isinstance(ready, ProcessReady), ready
    assert not [code for code in ready.missing if code.startswith(("channel", "single"))]
    assert ready.layers["socket_inet_datagram"] == ["seccomp"]
    gateway = await vault.gateway()
    item_id = await gateway.make("Said to a server.", os.urandom(600_000))
    await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(item_id), Done)
    gateway.link.close()
    assert vault.stop() == 0
    assert vault.process.returncode == 0


async def keep_making(gateway: GatewayDouble, acknowledged: list[str]) -> None:
    """Make items until the vault is gone; what it acknowledged is noted."""
    with suppress(EcholessError):
        for _ in range(1000):
            acknowledged.append(await gateway.make("Kept.", os.urandom(600_000)))


@pytest.mark.claim("Z16")
async def test_every_acknowledged_item_survives_kill_9(tmp_path: Path, stores: StoreAccess) -> None:
    chance = random.Random(11)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        vault, ready = VaultProcess.start(config_for(tmp_path / "data", stores=stores))
        assert isinstance(ready, ProcessReady), ready
        gateway = await vault.gateway()
        for item_id in acknowledged:
            await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)

        making = asyncio.ensure_future(keep_making(gateway, acknowledged))
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        vault.kill()
        gateway.link.close()
        await asyncio.wait([making])
    vault, ready = VaultProcess.start(config_for(tmp_path / "data", stores=stores))
    assert isinstance(ready, ProcessReady), ready
    gateway = await vault.gateway()
    for item_id in acknowledged:
        await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    assert len(acknowledged) > KILLS
    gateway.link.close()
    assert vault.stop() == 0


async def test_a_second_vault_with_the_same_database_is_refused(tmp_path: Path, stores: StoreAccess) -> None:
    first, ready = VaultProcess.start(config_for(tmp_path / "data", stores=stores))
    assert isinstance(ready, ProcessReady), ready
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "installation").write_bytes((tmp_path / "data" / "installation").read_bytes())
    second, refused = await asyncio.to_thread(VaultProcess.start, config_for(tmp_path / "other", stores=stores))
    assert isinstance(refused, StartRefused)
    assert "another server" in refused.public_description
    assert second.close() == 1
    assert first.stop() == 0
