"""Taking a backup: what is in which archive, who can open it, and what is left when there is no room."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.crossing.query_records import DeleteHistoryItem, Done
from echoless.vault.backups.age_keys import identity_of
from echoless.vault.backups.archive import opened as open_archive
from echoless.vault.backups.catalogue import stem_of
from echoless.vault.backups.manifest import BackupNote, SealedSet, Stem
from echoless.vault.backups.reading import read_keys
from echoless.vault.backups.taking import _Contents
from echoless.vault.stores import schema
from echoless.vault.stores.writer import Connections
from tests.unit.vault.backups.conftest import Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
LONG = bytes(range(256)) * 8000
KEY_FILES = ("master.key", "api_key_pepper.key")


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Let the kernel refuse every byte of a file beyond a size, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sealed_set(site: Site, note: BackupNote) -> SealedSet:
    return read_keys(site.places, note.set_id, [site.identity], lambda _name: None).sealed_set


def everything_in(site: Site, note: BackupNote) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the entries of both archives."""
    sealed = sealed_set(site, note)
    found = []
    for path, identity in (
        (site.places.vault_path(stem_of(note)), identity_of(sealed.identity)),
        (site.places.keys_path(stem_of(note)), site.identity),
    ):
        with open_archive(path, [identity]) as (entries, _):
            found.append({entry.name: b"".join(entry.pieces) for entry in entries})
    return found[0], found[1]


def wrapped_key(connections: Connections, item_id: str) -> bytes:
    table = schema.item_keys
    with connections.keys.begin():
        found = connections.keys.execute(sa.select(table.c.wrapped).where(table.c.item_id == item_id)).scalar_one()
    return bytes(found)


@pytest.mark.claim("Z26")
async def test_no_key_is_in_the_archive_of_what_it_opens(site: Site) -> None:
    async with site.opened() as opened:
        item_id = await opened.gateway.make("Keep me.", LONG)
        note = await opened.backups.take()
        storage = opened.vault._storage
        (workspace_id,) = storage.accounts.workspaces
        wrapped = await storage.writer.run(lambda connections: wrapped_key(connections, item_id))
        sealer = storage.keyring.unwrap_item_key(workspace_id, item_id, wrapped)
    vault, keys = everything_in(site, note)
    secrets = [wrapped, sealer.key, *((site.data / "keys" / name).read_bytes() for name in KEY_FILES)]
    for secret in secrets:
        assert not [name for name, data in vault.items() if secret in data]
    for secret in (wrapped, *secrets[2:]):
        assert [name for name, data in keys.items() if secret in data], "the control: the other archive has it"
    assert not [name for name in keys if name.startswith("objects/") or name == "vault.database"]
    assert not [name for name in keys if "backup-sets" in name]


async def test_the_operators_identity_alone_does_not_open_the_archive_of_the_vault(site: Site) -> None:
    async with site.opened() as opened:
        note = await opened.backups.take()
    with (
        pytest.raises(EcholessError, match="identity"),
        open_archive(site.places.vault_path(stem_of(note)), [site.identity]) as (entries, _),
    ):
        list(entries)


async def test_nothing_of_a_backup_is_readable_to_others_or_tells_what_was_said(site: Site) -> None:
    async with site.opened() as opened:
        await opened.gateway.make("A telling sentence.", LONG)
        await opened.backups.take()
    for folder in (site.places.archives, site.places.keys):
        assert folder.stat().st_mode & 0o077 == 0
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o077 == 0
            assert b"telling" not in path.read_bytes()


@pytest.mark.parametrize("size_bytes", [200_000, 1_500_000])
async def test_a_full_disk_stops_the_backup_and_nothing_else(site: Site, size_bytes: int) -> None:
    """Once where the copy of the database has no room, once where the archive has none."""
    async with site.opened() as opened:
        item_id = await opened.gateway.make("Keep me.", LONG)
        whole = await opened.backups.take()
        site.clock.turn(60)
        with files_of_at_most(size_bytes), pytest.raises(EcholessError) as raised:
            await opened.backups.take()
        assert raised.value.code == "backup"
        assert opened.backups.standing.failure
        assert [note.set_id for note in await opened.backups.notes()] == [whole.set_id]
        assert not (site.data / "backup-staging").exists()
        assert {path.suffix for path in site.places.archives.iterdir()} == {".age", ".json"}
        assert len(list(site.places.archives.iterdir())) == 2
        assert await opened.audio_of(item_id) == LONG
        assert await opened.gateway.make("It serves.", b"new")
        await opened.backups.take()
    await site.restore(whole.set_id)


async def test_requests_are_kept_and_deleted_while_a_backup_is_taken_and_it_is_consistent(site: Site) -> None:
    async with site.opened() as opened:
        before_id = await opened.gateway.make("Before.", LONG)
        doomed_id = await opened.gateway.make("Doomed.", LONG)
        for number in range(20):
            await opened.gateway.make(f"Filler {number}.", LONG[:10_000])
        taking = asyncio.create_task(opened.backups.take())
        kept = [before_id]
        while not taking.done():
            kept.append(await opened.gateway.make("Meanwhile.", LONG[:10_000]))
            if doomed_id:
                question = DeleteHistoryItem(doomed_id)
                await opened.gateway.question("DELETE /v1/history/{item}", question, Done)
                doomed_id = ""
        note = await taking
        assert len(kept) > 1
    await site.restore(note.set_id)
    async with site.opened() as opened:
        assert await opened.audio_of(before_id) == LONG
        texts = [await opened.text_of(item_id) for item_id in kept]
        assert set(texts) <= {"Before.", "Meanwhile.", None}
        for item_id, text in zip(kept[1:], texts[1:], strict=True):
            assert text is None or await opened.audio_of(item_id) == LONG[:10_000]


async def test_two_backups_at_a_time_are_taken_one_after_the_other(site: Site) -> None:
    async with site.opened() as opened:
        first = asyncio.create_task(opened.backups.take())
        second = asyncio.create_task(opened.backups.take())
        assert (await first).set_id != (await second).set_id
        assert len(await opened.backups.notes()) == 2


async def test_a_backup_after_many_commits_holds_no_more_memory_than_a_piece(site: Site) -> None:
    """The entries of an archive are read as they are written: never a second object in memory."""
    async with site.opened() as opened:
        await opened.gateway.make("Keep me.", LONG * 3)
        storage = opened.vault._storage
        (storage.directory.backup_staging).mkdir()
        (storage.directory.backup_staging / "vault.database").write_bytes(b"x" * 1_000_000)
        taker = opened.backups._taker
        contents = _Contents(storage, taker._head(Stem(1, "x" * 20)))
        largest = max(len(piece) for entry in contents.entries() for piece in entry.pieces)
    assert largest <= 512 * 1024 + 64
