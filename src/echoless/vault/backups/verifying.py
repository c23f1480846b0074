"""Whether a backup could be restored: all of both archives is read, and nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from echoless.vault.backups.age_keys import Identity
from echoless.vault.backups.archive import file_sha256, refused
from echoless.vault.backups.catalogue import BackupPlaces, stem_of
from echoless.vault.backups.manifest import BackupNote
from echoless.vault.backups.reading import read_keys, read_vault


def verify(
    places: BackupPlaces, note: BackupNote, identities: Sequence[Identity], step: Callable[[str, float], None]
) -> None:
    """Check one backup.

    identities: of the operator; without one only what lies on the disk is checked, not whether it opens
    raises:     EcholessError(BACKUP) with what is wrong
    """
    path = places.vault_path(stem_of(note))
    if not identities:
        _check_sealed(places, note, path, step)
        return
    step("keys", 0.0)
    found = read_keys(places, note.set_id, identities, _nowhere)
    step("keys", 1.0)
    head, _ = read_vault(path, found.sealed_set, _nowhere, lambda fraction: step("archive", fraction))
    if (head.origin, head.taken_unix) != (found.head.origin, note.taken_unix):
        raise refused("the two archives of this backup do not belong together")
    step("archive", 1.0)


def _check_sealed(places: BackupPlaces, note: BackupNote, path: Path, step: Callable[[str, float], None]) -> None:
    step("archive", 0.0)
    if not path.exists():
        raise refused("the archive of the vault is not there")
    if not places.keys_stems():
        raise refused("there is no archive of keys: without it no backup can be opened")
    if (path.stat().st_size, file_sha256(path)) != (note.size_bytes, note.sha256):
        raise refused("the archive of the vault is cut off or was changed")
    step("archive", 1.0)


def _nowhere(_name: str) -> Path | None:
    return None
