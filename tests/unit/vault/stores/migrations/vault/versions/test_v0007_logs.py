"""The step that brings jobs and logs to a directory that has neither, and acts of before that have no reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.log_records import GetLogSettings, LogSettings
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.retention.schedule import Kept
from echoless.vault.service.opening import open_vault
from echoless.vault.stores import migration
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.migration import Steps, bring_up_to_date
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.unit.vault.stores.migrations.vault.versions.test_v0003_webhooks import insert, put_account, tables

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TABLES = {"jobs", "log_entries"}


def earlier_steps(tmp_path: Path) -> Steps:
    """The steps as the version before today's had them."""
    folder = tmp_path / "steps"
    origin = Path(migration.__file__).with_name("migrations")
    for source in origin.rglob("*.py"):
        is_later = "v0004" <= source.name < "v9" or "k0002" <= source.name < "k9"
        if not is_later:
            target = folder / source.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return Steps(3, folder)


async def test_a_directory_of_the_third_version_gets_jobs_and_keeps_logs_apart_from_items(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    keyring = Keyring.open(directory)
    bring_up_to_date(directory, MemoryJournal(), earlier_steps(tmp_path))
    assert not TABLES & tables(directory.vault_database)
    put_account(directory, keyring)
    insert(
        directory.vault_database, "audit_entries", entry_id="e", workspace_id="w", time_ms=1, actor_id="k",
        activity="key.create", target_id="t",
    )  # fmt: skip
    async with open_vault(config_for(directory.root), clock, journal) as vault:
        assert tables(directory.vault_database) >= TABLES
        assert len([kept for kept in Kept if vault.jobs.waiting(f"expire.{kept.value}")]) == len(Kept)
        async with GatewayDouble.connected(vault) as gateway:
            settings = await gateway.question("GET /v1/workspace/logs", GetLogSettings(), LogSettings)
            assert not settings.erase_logs_with_item
            trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
            assert [(entry.entry_id, entry.reason) for entry in trail.entries] == [("e", "")]
