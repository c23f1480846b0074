"""A check finds what a restore would refuse, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.vault.backups.age_keys import new_identity
from echoless.vault.backups.manifest import BackupNote
from echoless.vault.backups.verifying import verify
from tests.unit.vault.backups.conftest import Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def taken(site: Site) -> BackupNote:
    async with site.opened() as opened:
        await opened.gateway.make("Keep me.", b"audio" * 50_000)
        return await opened.backups.take()


def check(site: Site, note: BackupNote, *identities: object) -> list[tuple[str, float]]:
    steps = list[tuple[str, float]]()
    verify(site.places, note, identities, lambda step, fraction: steps.append((step, fraction)))
    return steps


async def test_a_whole_backup_passes_with_and_without_the_identity(site: Site) -> None:
    note = await taken(site)
    before = sorted(site.root.rglob("*"))
    assert check(site, note)[-1] == ("archive", 1.0)
    assert check(site, note, site.identity)[-1] == ("archive", 1.0)
    assert sorted(site.root.rglob("*")) == before


async def test_another_identity_does_not_pass(site: Site) -> None:
    note = await taken(site)
    with pytest.raises(EcholessError, match="identity"):
        check(site, note, new_identity())


@pytest.mark.parametrize("which", ["archives", "keys"])
async def test_an_archive_that_is_missing_is_told(site: Site, which: str) -> None:
    note = await taken(site)
    for path in (site.root / which).glob("*.age"):
        path.unlink()
    for identities in ((), (site.identity,)):
        with pytest.raises(EcholessError):
            check(site, note, *identities)


async def test_a_changed_byte_is_told(site: Site) -> None:
    note = await taken(site)
    (path,) = Path(site.places.archives).glob("*.age")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for identities in ((), (site.identity,)):
        with pytest.raises(EcholessError, match="changed"):
            check(site, note, *identities)
