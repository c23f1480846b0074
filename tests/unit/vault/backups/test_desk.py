"""What the operator asks about backups, over records."""

from __future__ import annotations

import pytest

from echoless.crossing.backup_records import AskBackup, BackupList, BackupState, ListBackups, RunBackup
from echoless.crossing.records import Refused
from echoless.vault.backups.desk import BackupDesk
from tests.unit.vault.backups.conftest import Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_a_backup_is_begun_at_once_watched_and_listed(site: Site) -> None:
    async with site.opened() as opened:
        begun = await opened.vault.operate(RunBackup())
        assert isinstance(begun, BackupState)
        assert begun.is_busy
        again = await opened.vault.operate(RunBackup())
        assert isinstance(again, Refused)
        await opened.vault._backup_desk.finish()
        ended = await opened.vault.operate(AskBackup())
        assert isinstance(ended, BackupState)
        assert (ended.is_busy, ended.run_count, ended.count, ended.failure) == (False, 1, 1, "")
        assert ended.last_unix == site.clock.unix_ms() // 1000
        listed = await opened.vault.operate(ListBackups())
        assert isinstance(listed, BackupList)
        assert [view.taken_unix for view in listed.backups] == [ended.last_unix]


async def test_where_nobody_could_open_it_no_backup_is_taken(site: Site) -> None:
    site.has_recipient = False
    async with site.opened() as opened:
        refused = await opened.vault.operate(RunBackup())
        assert isinstance(refused, Refused)
        assert "keygen" in refused.message
        assert not site.places.archives.exists()


async def test_a_vault_without_rules_answers_too() -> None:
    acts = BackupDesk(None).acts()
    assert isinstance(await acts[RunBackup](RunBackup()), Refused)
    assert await acts[ListBackups](ListBackups()) == BackupList([])
    state = await acts[AskBackup](AskBackup())
    assert isinstance(state, BackupState)
    assert not state.is_on


async def test_a_backup_that_fails_is_told_with_its_reason(site: Site) -> None:
    async with site.opened() as opened:
        site.places.keys.rmdir()
        site.places.keys.write_text("in the way")
        assert isinstance(await opened.vault.operate(RunBackup()), BackupState)
        await opened.vault._backup_desk.finish()
        state = await opened.vault.operate(AskBackup())
        assert isinstance(state, BackupState)
        assert state.failure
        assert state.failure_unix == site.clock.unix_ms() // 1000
        assert state.count == 0
