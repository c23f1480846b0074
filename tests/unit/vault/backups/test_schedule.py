"""When backups are taken, when they end, and what is left of what was deleted."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import Event
from echoless.crossing.query_records import DeleteHistoryItem, Done
from echoless.vault.backups.catalogue import stem_of
from echoless.vault.backups.manifest import BackupNote
from echoless.vault.backups.reading import FoundKeys, read_keys, read_vault
from tests.unit.vault.backups.conftest import Opened, Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DELETE = "DELETE /v1/history/{item}"
HOUR_S, DAY_S = 3600, 86_400


def keys_in_archive(site: Site, note: BackupNote, into: Path) -> tuple[FoundKeys, set[str]]:
    """Open the archive of keys as the operator can, and return the items whose keys are in it."""
    into.unlink(missing_ok=True)
    found = read_keys(
        site.places, note.set_id, [site.identity], lambda name: into if name == "keys.database" else None
    )
    connection = sqlite3.connect(into)
    rows = connection.execute("SELECT item_id FROM item_keys").fetchall()
    connection.close()
    assert rows or found.head.sets
    return found, {row[0] for row in rows}


async def turn(site: Site, opened: Opened, days: int) -> None:
    """Let days go by, an hour at a time, as the running server sees them."""
    for _ in range(days * 24):
        site.clock.turn(HOUR_S)
        await opened.backups.expire()


@pytest.mark.claim("Z26")
@pytest.mark.seed("S26")
async def test_nothing_outlives_its_deletion_by_more_than_thirty_days(site: Site, tmp_path: Path) -> None:
    """C53: on day 29 the archive opens and has the key of what was deleted on day 0, and can be restored from; when
    day 30 ends it is gone with its key, and a copy of the archive of the vault opens for nobody, not the operator.
    """
    async with site.opened() as opened:
        kept_id = await opened.gateway.make("Keep me.", b"kept")
        doomed_id = await opened.gateway.make("Delete me.", b"audio" * 1000)
        note = await opened.backups.take()
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
        copy = site.root / "copy-elsewhere"
        copy.write_bytes(site.places.vault_path(stem_of(note)).read_bytes())
        await turn(site, opened, 29)
        found, item_ids = keys_in_archive(site, note, tmp_path / "found")
        assert doomed_id in item_ids
        read_vault(copy, found.sealed_set, lambda _name: None, lambda _fraction: None)
    await site.restore(note.set_id)
    async with site.opened() as opened:
        assert await opened.text_of(kept_id) == "Keep me."
        assert await opened.text_of(doomed_id) is None
        await turn(site, opened, 1)
        assert await opened.backups.notes() == []
    assert (Event.BACKUPS_EXPIRED, {"count": 1}) in site.journal.events
    left = {path.name: path.read_bytes() for path in site.root.rglob("*") if path.is_file() and path != copy}
    assert not [name for name in left if name.endswith(".age")]
    secret = found.sealed_set.identity.encode("ascii")
    assert not [name for name, data in left.items() if secret in data]
    with pytest.raises(EcholessError):
        await site.restore(note.set_id)


async def test_an_archive_that_expired_while_no_server_ran_is_refused_and_ended_by_the_next_start(
    site: Site,
) -> None:
    """T40: no lower bound; a server that was off for a year catches up before it serves."""
    async with site.opened() as opened:
        note = await opened.backups.take()
    site.clock.turn(365 * DAY_S)
    with pytest.raises(EcholessError, match="expired"):
        await site.restore(note.set_id)
    async with site.opened():
        assert site.places.stems() == set()


async def test_without_recipients_backups_of_before_still_end(site: Site) -> None:
    async with site.opened() as opened:
        await opened.backups.take()
    site.clock.turn(31 * DAY_S)
    site.has_recipient = False
    async with site.opened():
        assert site.places.stems() == set()


@pytest.mark.claim("Z26")
async def test_where_deletions_are_shredded_at_once_no_archive_keeps_the_key(site: Site, tmp_path: Path) -> None:
    site.is_shredded_at_once = True
    async with site.opened() as opened:
        kept_id = await opened.gateway.make("Keep me.", b"kept")
        doomed_id = await opened.gateway.make("Delete me.", b"audio" * 1000)
        first = await opened.backups.take()
        site.clock.turn(DAY_S)
        second = await opened.backups.take()
        assert len(site.places.keys_stems()) == 1, "one archive of keys has what is left of all"
        await opened.backups.look()
        assert keys_in_archive(site, first, tmp_path / "found")[1] >= {kept_id, doomed_id}
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
        await opened.backups.look()
        for note in (first, second):
            item_ids = keys_in_archive(site, note, tmp_path / "found")[1]
            assert doomed_id not in item_ids
            assert kept_id in item_ids
        assert opened.backups.standing.pending_shred_s == 0
    for note in (first, second):
        await site.restore(note.set_id)
        async with site.opened() as opened:
            assert await opened.text_of(kept_id) == "Keep me."
            assert await opened.text_of(doomed_id) is None


async def test_where_deletions_wait_for_expiry_the_archive_keeps_the_key(site: Site, tmp_path: Path) -> None:
    """The control of the test above."""
    async with site.opened() as opened:
        doomed_id = await opened.gateway.make("Delete me.", b"audio")
        note = await opened.backups.take()
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
        await opened.backups.look()
        assert doomed_id in keys_in_archive(site, note, tmp_path / "found")[1]


async def test_what_was_destroyed_before_a_crash_is_shredded_by_the_next_start(site: Site, tmp_path: Path) -> None:
    site.is_shredded_at_once = True
    async with site.opened() as opened:
        doomed_id = await opened.gateway.make("Delete me.", b"audio")
        note = await opened.backups.take()
        # Deleted, and the server dies before it looked again.
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
    async with site.opened() as opened:
        await opened.backups.look()
        assert doomed_id not in keys_in_archive(site, note, tmp_path / "found")[1]


@pytest.mark.seed("S26")
async def test_a_backup_is_taken_daily_and_a_missed_one_at_once(site: Site) -> None:
    site.interval_s = DAY_S
    async with site.opened() as opened:
        for _ in range(49):
            await opened.backups.look()
            site.clock.turn(HOUR_S)
        assert len(await opened.backups.notes()) == 3
    site.clock.turn(5 * DAY_S)
    async with site.opened() as opened:
        await opened.backups.look()
        await opened.backups.look()
        assert len(await opened.backups.notes()) == 4


async def test_a_failed_backup_is_tried_again_and_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.interval_s = DAY_S
    async with site.opened() as opened:
        with monkeypatch.context() as patch:
            patch.setattr("echoless.vault.backups.taking.write_archive", _refuse)
            with pytest.raises(EcholessError):
                await opened.backups.look()
        assert opened.backups.standing.failure_unix
        assert (Event.BACKUP_FAILED, {"error": "backup"}) in site.journal.events
        await opened.backups.look()
        assert await opened.backups.notes() == []
        site.clock.turn(601)
        await opened.backups.look()
        assert len(await opened.backups.notes()) == 1
        assert opened.backups.standing.failure_unix == 0


def _refuse(*_arguments: object, **_named: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.claim("Z26")
async def test_a_clock_that_jumps_ahead_and_back_ends_no_backup(site: Site) -> None:
    async with site.opened() as opened:
        await opened.backups.take()
        site.clock.now_ms += 400 * DAY_S * 1000
        for _ in range(50):
            await opened.backups.expire()
            site.clock.now_s += 60
            site.clock.now_ms += 60_000
        site.clock.now_ms -= 400 * DAY_S * 1000
        await opened.backups.expire()
        assert len(await opened.backups.notes()) == 1


async def test_a_clock_that_goes_back_neither_stops_backups_nor_lets_one_live_for_ever(site: Site) -> None:
    site.interval_s = DAY_S
    async with site.opened() as opened:
        from_the_future = await opened.backups.take()
        site.clock.now_ms -= 400 * DAY_S * 1000
        await opened.backups.look()
        notes = await opened.backups.notes()
        assert len(notes) == 1
        assert notes[0].set_id != from_the_future.set_id


async def test_a_vault_that_closes_breaks_a_backup_off_and_leaves_nothing_of_it(site: Site) -> None:
    async with site.opened() as opened:
        await opened.gateway.make("Keep me.", b"kept" * 100_000)
        taking = asyncio.create_task(opened.backups.take())
        while not opened.backups.advance.step:
            await asyncio.sleep(0)
    with pytest.raises(EcholessError, match="stopping"):
        await taking
    assert not list(site.places.archives.iterdir())
    assert not [path for path in site.places.keys.iterdir() if path.suffix == ".age"]
    assert not (site.data / "backup-staging").exists()
