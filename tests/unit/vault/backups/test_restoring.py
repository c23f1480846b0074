"""A vault comes back from its backups as it was, without what was deleted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import (
    KeyList,
    ListWorkspaces,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
    WorkspaceList,
)
from echoless.crossing.query_records import DeleteHistoryItem, Done, KeyCreated
from echoless.crossing.receipt_records import GetProofKeys, ProofKeys, RotateProofKey
from echoless.crossing.records import OpenTicket, Refused
from echoless.receipts.log_check import check_log
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.backups.age_keys import new_identity
from echoless.vault.stores.proof_ring import RING_FILE
from tests.unit.vault.backups.conftest import ITEM, Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DELETE = "DELETE /v1/history/{item}"
LONG = bytes(range(256)) * 6000


@pytest.mark.claim("Z26")
async def test_a_lost_data_directory_comes_back_whole_and_serves(site: Site) -> None:
    """The drill: kept items play back byte for byte, deleted ones stay deleted, keys and policy are back."""
    async with site.opened() as opened:
        kept_id = await opened.gateway.make("Keep me.", LONG)
        doomed_id = await opened.gateway.make("Delete me.", b"audio")
        before = await opened.vault.operate(ListWorkspaces())
        note = await opened.backups.take()
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
        await opened.backups.look()
    shutil.rmtree(site.data)
    restored = await site.restore(is_replacing=False)
    assert (restored.set_id, restored.workspace_count, restored.swept_count) == (note.set_id, 1, 1)
    async with site.opened() as opened:
        assert await opened.text_of(kept_id) == "Keep me."
        assert await opened.audio_of(kept_id) == LONG
        assert await opened.text_of(doomed_id) is None
        after = await opened.vault.operate(ListWorkspaces())
        assert isinstance(before, WorkspaceList)
        assert isinstance(after, WorkspaceList)
        assert [view.workspace_id for view in after.workspaces] == [view.workspace_id for view in before.workspaces]
        assert await opened.text_of(await opened.gateway.make("New.", b"new")) == "New."


@pytest.mark.claim("Z26")
async def test_what_was_deleted_after_the_archive_was_taken_stays_deleted(site: Site) -> None:
    """C52: the ledger of the running directory is newer than the archive's."""
    async with site.opened() as opened:
        doomed_id = await opened.gateway.make("Delete me.", b"audio" * 1000)
        await opened.backups.take()
        await opened.gateway.question(DELETE, DeleteHistoryItem(doomed_id), Done)
    restored = await site.restore()
    assert restored.swept_count == 1
    assert not list((site.data / "objects").rglob("0*"))
    async with site.opened() as opened:
        assert await opened.text_of(doomed_id) is None


async def test_items_made_since_the_backup_are_gone_and_those_before_are_there(site: Site) -> None:
    async with site.opened() as opened:
        old_id = await opened.gateway.make("Old.", b"old")
        await opened.backups.take()
        young_id = await opened.gateway.make("Young.", b"young")
    await site.restore()
    async with site.opened() as opened:
        assert await opened.text_of(old_id) == "Old."
        assert await opened.text_of(young_id) is None


async def test_a_directory_with_data_is_not_replaced_unasked(site: Site) -> None:
    async with site.opened() as opened:
        await opened.backups.take()
    before = site.tree()
    with pytest.raises(EcholessError, match="--replace"):
        await site.restore(is_replacing=False)
    assert site.tree() == before


async def test_nothing_is_restored_while_a_vault_has_the_directory_open(site: Site) -> None:
    async with site.opened() as opened:
        await opened.backups.take()
        with pytest.raises(EcholessError, match="open"):
            await site.restore()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def cut_at_a_chunk(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -(64 * 1024)])


def alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_junk(path: Path) -> None:
    path.write_bytes(b"This is no archive at all." * 100)


@pytest.mark.parametrize("damage", [cut, cut_at_a_chunk, alter, empty, replace_by_junk, Path.unlink])
@pytest.mark.parametrize("which", ["vault", "keys"])
@pytest.mark.claim("Z26")
async def test_a_damaged_archive_is_refused_and_the_running_data_untouched(
    site: Site, damage: object, which: str
) -> None:
    async with site.opened() as opened:
        item_id = await opened.gateway.make("Keep me.", LONG)
        await opened.backups.take()
    folder = site.places.archives if which == "vault" else site.places.keys
    (path,) = folder.glob("*.age")
    assert callable(damage)
    damage(path)
    before = site.tree()
    with pytest.raises(EcholessError, match="archive"):
        await site.restore()
    assert site.tree() == before
    async with site.opened() as opened:
        assert await opened.audio_of(item_id) == LONG


@pytest.mark.claim("Z26")
async def test_an_archive_of_another_installation_is_refused(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other", site.identity, site.clock, site.journal)
    for each in (site, other):
        async with each.opened() as opened:
            await opened.backups.take()
    before = site.tree()
    for folder in ("archives", "keys"):
        shutil.rmtree(site.root / folder)
        shutil.copytree(other.root / folder, site.root / folder)
    with pytest.raises(EcholessError, match="another installation"):
        await site.restore()
    assert site.tree() == before


async def test_the_archive_of_another_backup_does_not_pass_for_this_one(site: Site) -> None:
    async with site.opened() as opened:
        first = await opened.backups.take()
        site.clock.turn(60)
        second = await opened.backups.take()
    (one,) = site.places.archives.glob(f"*{first.set_id}.vault.age")
    (two,) = site.places.archives.glob(f"*{second.set_id}.vault.age")
    two.write_bytes(one.read_bytes())
    with pytest.raises(EcholessError):
        await site.restore(second.set_id)


async def test_only_the_operators_identity_opens_a_backup(site: Site) -> None:
    async with site.opened() as opened:
        await opened.backups.take()
    site.identity = new_identity()
    with pytest.raises(EcholessError, match="identity"):
        await site.restore()


async def test_a_disk_that_is_full_stops_the_restore_and_changes_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.opened() as opened:
        await opened.gateway.make("Keep me.", LONG)
        await opened.backups.take()
    before = site.tree()

    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("echoless.vault.backups.reading._keep", full)
    with pytest.raises(EcholessError, match="No space left"):
        await site.restore()
    assert site.tree() == before


@pytest.mark.claim("Z26")
async def test_a_key_that_was_revoked_after_the_backup_stays_revoked(site: Site) -> None:
    async with site.opened() as opened:
        (workspace_id,) = opened.vault._storage.accounts.workspaces
        made = []
        for name in ("revoked", "kept"):
            key = await opened.vault.operate(OperatorCreateKey(workspace_id, name, None, RetentionMode.DEFAULT))
            assert isinstance(key, KeyCreated)
            made.append(key)
        await opened.backups.take()
        assert isinstance(await opened.vault.operate(OperatorRevokeKey(made[0].key_id)), Done)
    await site.restore()
    async with site.opened() as opened:
        listed = await opened.vault.operate(OperatorListKeys(workspace_id))
        assert isinstance(listed, KeyList)
        names = {key.name for key in listed.keys}
        assert "kept" in names
        assert "revoked" not in names
        refused = await opened.gateway.link.call(OpenTicket(ITEM, made[0].secret, Switch.ABSENT, ""))
        assert isinstance(refused, Refused)
        assert refused.code == "invalid_api_key"


@pytest.mark.claim("Z33")
async def test_a_signing_key_that_was_turned_after_the_backup_does_not_come_back(site: Site) -> None:
    """Where the directory is there, its own keys and log are the newer ones."""
    async with site.opened() as opened:
        await opened.backups.take()
        for is_log in (False, True):
            await opened.vault.operate(RotateProofKey(is_log=is_log))
        before = await opened.vault.operate(GetProofKeys())
    await site.restore(is_replacing=True)
    async with site.opened() as opened:
        assert await opened.vault.operate(GetProofKeys()) == before
        log = opened.vault.proving.book.log
        assert check_log(log.note(), log.fetch, log.verifier).is_sound


@pytest.mark.claim("Z33")
async def test_a_turn_that_was_cut_short_before_a_restore_is_finished_after_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names a key that lies beside the one of before; without it the entry would be untrue for good."""

    def refuse(*_: object) -> None:
        raise OSError(28, "no space")

    async with site.opened() as opened:
        await opened.backups.take()
        with monkeypatch.context() as patched:
            patched.setattr("echoless.vault.stores.key_safe.supersede", refuse)
            await opened.vault.operate(RotateProofKey(is_log=True))
        before = await opened.vault.operate(GetProofKeys())
        assert isinstance(before, ProofKeys)
        assert len(before.log_keys) == 2
    await site.restore(is_replacing=True)
    async with site.opened() as opened:
        assert await opened.vault.operate(GetProofKeys()) == before


@pytest.mark.claim("Z33")
async def test_a_ring_of_many_turned_keys_comes_back_from_a_backup(site: Site) -> None:
    """With the proof of each end it is the largest file of keys, and must not be the one that is left out."""
    path = site.data / "keys" / RING_FILE
    async with site.opened() as opened:
        rows = json.loads(path.read_bytes())
        ended = rows[0] | {"ended_unix": rows[0]["begun_unix"], "ended_by_entry": 7, "handover": "h" * 4096}
        many = json.dumps([ended] * 198 + rows).encode()
        path.write_bytes(many)
        await opened.backups.take()
    shutil.rmtree(site.data)
    await site.restore(is_replacing=False)
    assert len(many) > 512 * 1024
    assert path.read_bytes() == many
