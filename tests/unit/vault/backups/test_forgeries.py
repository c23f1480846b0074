"""Whoever knows the operator's public key can seal an archive for it. What they sealed is refused."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.vault.backups.age_keys import recipient_of
from echoless.vault.backups.archive import Entry, opened, write_archive
from echoless.vault.backups.catalogue import stem_of
from echoless.vault.backups.manifest import BackupNote, KeysHead
from tests.unit.vault.backups.conftest import Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DAY_S = 86_400


async def taken(site: Site) -> BackupNote:
    async with site.opened() as opened_vault:
        await opened_vault.gateway.make("Keep me.", b"audio")
        return await opened_vault.backups.take()


def reseal(site: Site, note: BackupNote, change: Callable[[KeysHead], KeysHead]) -> None:
    """Seal the archive of keys anew with another head, as somebody could who saw what is in it."""
    path = site.places.keys_path(stem_of(note))
    with opened(path, [site.identity]) as (found, _):
        entries = {entry.name: b"".join(entry.pieces) for entry in found}
    head = change(msgspec.json.decode(entries["archive.json"], type=KeysHead))
    entries["archive.json"] = msgspec.json.encode(head)
    pieces = [Entry.of_bytes(name, data) for name, data in entries.items()]
    write_archive(path, pieces, [recipient_of(site.identity)], lambda _: None)


@pytest.mark.claim("Z26")
@pytest.mark.parametrize("changes", [{"ledger_bytes": 7}, {"taken_unix": 1}, {"mark": ""}, {"mark": "0" * 64}])
async def test_an_archive_of_keys_that_the_installation_did_not_write_is_refused(
    site: Site, changes: dict[str, object]
) -> None:
    note = await taken(site)
    reseal(site, note, lambda head: msgspec.structs.replace(head, **changes))
    before = site.tree()
    with pytest.raises(EcholessError, match="not written by the installation"):
        await site.restore()
    assert site.tree() == before


async def test_sealed_anew_without_a_change_it_is_as_good_as_before(site: Site) -> None:
    """The control."""
    note = await taken(site)
    reseal(site, note, lambda head: head)
    assert (await site.restore()).set_id == note.set_id


async def test_a_note_that_says_another_day_prolongs_no_life(site: Site) -> None:
    """The note lies in the clear; the day that counts is sealed, and for the server it is in the name."""
    note = await taken(site)
    prolonged = msgspec.structs.replace(note, expires_unix=note.expires_unix + 1000 * DAY_S)
    site.places.note_path(stem_of(note)).write_bytes(msgspec.json.encode(prolonged))
    site.clock.turn(31 * DAY_S)
    with pytest.raises(EcholessError, match="expired"):
        await site.restore()
    async with site.opened():
        assert site.places.stems() == set()
