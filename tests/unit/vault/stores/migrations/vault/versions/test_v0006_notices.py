"""The step that brings notices and verdicts to a directory that has neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.operator_records import SetRestriction
from echoless.crossing.query_records import Done
from echoless.vault.service.opening import open_vault
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.migration import bring_up_to_date
from echoless.vault.stores.notices import NoticeFilter, list_notices
from tests.fakes.gateway_double import TurnedClock, config_for
from tests.unit.vault.stores.migrations.vault.versions.test_v0003_webhooks import put_account, tables
from tests.unit.vault.stores.migrations.vault.versions.test_v0007_logs import earlier_steps

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TABLES = {"notices", "notice_deliveries", "verdict_hours", "moderation_standings"}


async def test_a_directory_of_the_third_version_restricts_and_tells(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    keyring = Keyring.open(directory)
    bring_up_to_date(directory, MemoryJournal(), earlier_steps(tmp_path))
    assert not TABLES & tables(directory.vault_database)
    put_account(directory, keyring)
    async with open_vault(config_for(directory.root), clock, journal) as vault:
        assert tables(directory.vault_database) >= TABLES
        assert isinstance(await vault.operate(SetRestriction("w", True, "discretion")), Done)
        (notice,) = await vault._storage.read(lambda reader: list_notices(reader, NoticeFilter("w"), count_max=9))
        assert notice.facts["reason"] == "discretion"
