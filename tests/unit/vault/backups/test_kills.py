"""kill -9 in a backup or a restore: the data is as it was, or wholly restored, and nothing half-done stays."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.unit.vault.backups.conftest import Site

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TAKING, STORES = "echoless.vault.backups.taking", "echoless.vault.stores"
LONG = bytes(range(256)) * 6000


async def die(site: Site, act: str, place: str, number: int) -> None:
    """Run the victim to its end."""
    words = [str(site.root), str(site.identity), act, place, str(number)]
    victim = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-P", "-m", "tests.fakes.backup_victim", *words],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, timeout=60, capture_output=True, check=False,
    )  # fmt: skip
    assert victim.returncode == -signal.SIGKILL, victim.stderr.decode()


def half_done(root: Path) -> list[str]:
    names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return [name for name in names if name.endswith((".new", ".old")) or "staging" in name or "whole" in name]


@pytest.mark.parametrize(
    ("place", "number"),
    [
        (f"{TAKING}.BackupTaker._write_vault", 1),
        (f"{TAKING}._Contents._get", 3),
        (f"{TAKING}.SetBook.write", 1),
        (f"{TAKING}.BackupTaker._key_entries", 1),
        (f"{TAKING}.supersede", 1),
        (f"{TAKING}.write_whole", 1),
    ],
)
@pytest.mark.claim("Z26")
async def test_a_backup_that_is_killed_leaves_the_older_one_and_nothing_of_itself(
    site: Site, place: str, number: int
) -> None:
    async with site.opened() as opened:
        item_id = await opened.gateway.make("Keep me.", LONG)
        whole = await opened.backups.take()
    before = {path.name for path in (*site.places.archives.iterdir(), *site.places.keys.glob("*.age"))}
    await die(site, "take", place, number)
    async with site.opened() as opened:
        after = {path.name for path in (*site.places.archives.iterdir(), *site.places.keys.glob("*.age"))}
        assert after == before
        assert half_done(site.root) == []
        assert await opened.audio_of(item_id) == LONG
        site.clock.turn(60)
        again = await opened.backups.take()
        assert [note.set_id for note in await opened.backups.notes()] == [whole.set_id, again.set_id]
    await site.restore(whole.set_id)


@pytest.mark.parametrize(
    ("place", "number", "is_restored"),
    [
        ("echoless.vault.backups.reading._keep", 3, False),
        ("echoless.vault.backups.restoring.sweep", 1, False),
        ("echoless.vault.backups.restoring.declare_whole", 1, False),
        *((f"{STORES}.replacing._move_in", number, True) for number in (1, 2, 4, 6)),
        (f"{STORES}.replacing._keep_certificates", 1, True),
        (f"{STORES}.replacing._remove", 1, True),
    ],
)
@pytest.mark.claim("Z26")
async def test_a_restore_that_is_killed_has_happened_wholly_or_not_at_all(
    site: Site, place: str, number: int, is_restored: bool
) -> None:
    async with site.opened() as opened:
        old_id = await opened.gateway.make("Old.", LONG)
        await opened.backups.take()
        young_id = await opened.gateway.make("Young.", LONG)
    await die(site, "restore", place, number)
    async with site.opened() as opened:
        assert await opened.audio_of(old_id) == LONG
        assert await opened.text_of(young_id) == (None if is_restored else "Young.")
        assert half_done(site.root) == []
        assert await opened.text_of(await opened.gateway.make("New.", b"new")) == "New."
