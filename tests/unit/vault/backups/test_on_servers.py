"""A vault on PostgreSQL and S3 is backed up as any other, and comes back into a directory of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.control import StoreAccess
from echoless.crossing.query_records import DeleteHistoryItem, Done
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import GatewayDouble, config_for
from tests.unit.vault.backups.conftest import Opened, Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
LONG = bytes(range(256)) * 6000


@pytest.mark.parametrize("stores", ["postgresql-s3"], indirect=True)
async def test_a_backup_of_servers_comes_back_in_a_directory(
    site: Site, stores: StoreAccess, tmp_path: Path
) -> None:
    site.stores = stores
    async with site.opened() as opened:
        kept_id = await opened.gateway.make("Keep me.", LONG)
        doomed_id = await opened.gateway.make("Delete me.", LONG)
        note = await opened.backups.take()
        assert note.object_count == 6
        await opened.gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(doomed_id), Done)
        await opened.backups.look()
    with pytest.raises(EcholessError, match="a directory of its own"):
        await site.restore()
    place = tmp_path / "elsewhere"
    assert (await site.restore(into=place)).swept_count == 1
    async with (
        open_vault(config_for(place), site.clock, site.journal) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        restored = Opened(vault, gateway)
        assert await restored.audio_of(kept_id) == LONG
        assert await restored.text_of(doomed_id) is None
