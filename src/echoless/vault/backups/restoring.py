"""Restoring: read both archives into a folder of their own, prove them, delete there what was deleted since, and
only then put the whole into the place of the data directory.

The erasure ledger is the union of all that can be found: the archive's, the running directory's and the copy beside
the archives of keys. It is replayed on the restored copy before that takes its place, and once more by each start.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Journal
from echoless.vault.backups.age_keys import Identity
from echoless.vault.backups.archive import refused
from echoless.vault.backups.catalogue import BackupPlaces, SetBook, stem_of
from echoless.vault.backups.ledger_copy import merge_ledgers
from echoless.vault.backups.manifest import (
    CERTIFICATES,
    DATABASE_NAME,
    KEY_FILES,
    KEYS_NAME,
    LEDGER_NAME,
    STORE,
    ArchiveHead,
    BackupNote,
    KeysHead,
    Stem,
    origin_of,
)
from echoless.vault.backups.reading import read_keys, read_vault
from echoless.vault.erasure.sweep import sweep
from echoless.vault.stores.access import withdraw_access
from echoless.vault.stores.directory import DataDirectory, DirectoryLock
from echoless.vault.stores.key_safe import NEXT
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.proof_ring import SIGNING_FILES
from echoless.vault.stores.replacing import declare_whole, finish_restore
from echoless.vault.stores.snapshot import is_sound
from echoless.vault.stores.storage import open_storage

Step = Callable[[str, float], None]
"""Takes the name of a step and how far it is, 0 to 1."""
_ARCHIVE_LEDGER = "archive-ledger"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    swept_count: items that the archive held and that were deleted since, or that it held in part
    """

    set_id: str
    taken_unix: int
    object_count: int
    workspace_count: int
    swept_count: int


class Restorer:
    """Restores into one data directory, which nobody has open.

    is_replacing: whether data that is there may be lost
    """

    def __init__(
        self, directory: DataDirectory, places: BackupPlaces, identities: Sequence[Identity],
        clock: Clock, journal: Journal, *, is_replacing: bool,
    ) -> None:  # fmt: skip
        self._directory = directory
        self._staging = DataDirectory(directory.restore_staging)
        self._places = places
        self._identities = identities
        self._clock = clock
        self._journal = journal
        self._is_replacing = is_replacing

    async def restore(self, set_id: str | None, step: Step) -> Restored:
        """Restore a backup, the newest where none is named.

        raises: EcholessError(BACKUP) where it is refused, EcholessError(DATA_DIRECTORY) where the directory is in
                use; what was there is untouched then
        """
        self._directory.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = DirectoryLock(self._directory)
        try:
            finish_restore(self._directory)
            note = self._chosen(set_id)
            reason = ""
            try:
                restored = await self._stage(note, step)
            except OSError as error:
                reason = os.strerror(error.errno or 0)
            if reason:
                raise refused(f"the backup cannot be restored: {reason}; nothing was changed")
            declare_whole(self._directory)
            finish_restore(self._directory)
            return restored
        finally:
            if not self._directory.restore_whole.exists():
                finish_restore(self._directory)
            lock.release()

    # --- steps ---

    def _chosen(self, set_id: str | None) -> BackupNote:
        notes = [note for note in self._places.notes() if set_id in {None, note.set_id}]
        if not notes:
            what = "there is no backup" if set_id is None else "there is no backup of this id"
            raise refused(f"{what} in {self._places.archives}")
        if self._directory.installation_file.exists():
            raise refused(
                f"{self._directory.root} has its stores in PostgreSQL or S3: restore into a directory of its own, "
                "without database_url, keys_url and objects_url, and move that with 'echoless migrate'"
            )
        if self._directory.version_file.exists() and not self._is_replacing:
            raise refused(f"{self._directory.root} holds data, which a restore replaces: say --replace to do so")
        note = notes[-1]
        if note.expires_unix <= self._clock.unix_ms() // 1000:
            raise refused("this backup has expired")
        return note

    async def _stage(self, note: BackupNote, step: Step) -> Restored:
        stem = stem_of(note)
        self._staging.make()
        head, keys, object_count = await asyncio.to_thread(self._read, stem, step)
        step("replay", 0.0)
        self._adopt(keys)
        self._staging.set_version(head.directory_version)
        storage = await open_storage(self._staging.root, "process", self._clock, self._journal)
        try:
            swept_count = await sweep(storage, self._journal)
            await storage.writer.run(lambda connections: withdraw_access(connections, storage.ledger.batches()))
            workspace_count = len(storage.accounts.workspaces)
        finally:
            await storage.close()
        step("replay", 1.0)
        return Restored(stem.set_id, stem.taken_unix, object_count, workspace_count, swept_count)

    def _read(self, stem: Stem, step: Step) -> tuple[ArchiveHead, KeysHead, int]:
        step("keys", 0.0)
        found = read_keys(self._places, stem.set_id, self._identities, self._place)
        self._check_origin(found.head)
        step("keys", 1.0)
        head, end = read_vault(
            self._places.vault_path(stem), found.sealed_set, self._place, lambda fraction: step("archive", fraction)
        )
        if head.origin != found.head.origin or {head.store, found.head.store} != {STORE}:
            raise refused("the archive is not of this kind of store")
        if head.expires_unix <= self._clock.unix_ms() // 1000:
            raise refused("this backup has expired")
        for path in (self._staging.vault_database, self._staging.keys_database):
            if not is_sound(path):
                raise refused("a database in the archive is damaged")
        step("archive", 1.0)
        return head, found.head, end.object_count

    def _check_origin(self, head: KeysHead) -> None:
        """See that it comes from this directory, where there is one, and that nobody else wrote it."""
        ours = _keyring_of(self._directory)
        if ours is not None and head.origin != origin_of(ours):
            raise refused(
                f"the archive is of another installation ({head.origin}) than this data directory "
                f"({origin_of(ours)}): restore it into a directory of its own"
            )
        theirs = ours or _keyring_of(self._staging)
        if theirs is None or head.origin != origin_of(theirs) or not head.is_marked_by(theirs):
            raise refused("the archive of keys was not written by the installation that it names")

    def _place(self, name: str) -> Path | None:
        fixed = {
            DATABASE_NAME: self._staging.vault_database,
            KEYS_NAME: self._staging.keys_database,
            LEDGER_NAME: self._staging.root / _ARCHIVE_LEDGER,
        }
        if name in fixed:
            return fixed[name]
        if name.startswith(KEY_FILES):
            return self._staging.keys / name.removeprefix(KEY_FILES)
        if name.startswith(CERTIFICATES):
            return self._staging.ledger.parent / name
        return self._staging.root / name

    def _adopt(self, keys: KeysHead) -> None:
        """Bring in what the archive lacks: newer lines of ledgers, key files, identities of other backups."""
        archived = self._staging.root / _ARCHIVE_LEDGER
        merge_ledgers([self._directory.ledger, self._places.ledger, archived], self._staging.ledger)
        archived.unlink(missing_ok=True)
        for path in (*self._directory.keys.glob("*.key"), *self._directory.keys.glob(f"*.key{NEXT}")):
            ours = self._staging.keys / path.name
            # Keys that sign are newer here, like the log that names them: what has ended must not come back, and
            # one that the log names already, which a crash has left beside, must not be lost.
            if not ours.exists() or path.name in SIGNING_FILES:
                ours.write_bytes(path.read_bytes())
                ours.chmod(0o600)
        known = {each.set_id: each for each in (*keys.sets, *SetBook(self._directory).read())}
        there = {note.set_id for note in self._places.notes()}
        kept = sorted((each for each in known.values() if each.set_id in there), key=lambda each: each.taken_unix)
        SetBook(self._staging).write(tuple(kept))


def _keyring_of(directory: DataDirectory) -> Keyring | None:
    """Return the keyring of a directory that has its key files, or None."""
    if not (directory.keys / "api_key_pepper.key").exists():
        return None
    try:
        return Keyring.of_files(directory)
    except EcholessError:
        return None
