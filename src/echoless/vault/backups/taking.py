"""Taking a backup: what was committed when it ends, no key among what it opens, and nothing in memory as a whole.

The order makes it consistent. The database comes first, then the objects, which are only ever added before their
row is committed, then the keys, which are committed before what they open. So whatever the copy of the database
names is there, unless it was deleted meanwhile; and what was deleted is in the erasure ledger.
A backup counts as begun when its copy began: it expires by that hour, not by the one at which it was done.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.vault.backups.age_keys import Identity, new_identity, recipient_of
from echoless.vault.backups.archive import Entry, Written, write_archive
from echoless.vault.backups.catalogue import Expiry, SetBook, stem_of
from echoless.vault.backups.manifest import (
    CERTIFICATES,
    DATABASE_NAME,
    DAY_S,
    END_NAME,
    FORMAT,
    HEAD_NAME,
    KEY_FILES,
    KEYS_NAME,
    LEDGER_NAME,
    OBJECTS,
    STORE,
    ArchiveEnd,
    ArchiveHead,
    BackupNote,
    KeysHead,
    SealedSet,
    Stem,
    origin_of,
)
from echoless.vault.backups.rules import BackupSettings
from echoless.vault.stores.directory import VERSION, overwrite_and_remove, remove_copies, supersede, write_whole
from echoless.vault.stores.snapshot import Note, Snapshots
from echoless.vault.stores.storage import Storage

_NEW: Final = ".new"
# The ring of public keys is the largest: as many as it takes, each with the proof of its end.
KEY_FILE_BYTES_MAX: Final = 1024 * 1024
T = TypeVar("T")


@dataclass(slots=True)
class Advance:
    """How far a backup is.

    step:     what is being done
    fraction: 0 to 1, of that step
    """

    step: str = ""
    fraction: float = 0.0


class BackupTaker:
    """Takes backups of one open vault, one at a time, and keeps the archive of keys as the settings say.

    advance: of the backup that is under way
    """

    def __init__(
        self, storage: Storage, snapshots: Snapshots, settings: BackupSettings, clock: Clock, expiry: Expiry
    ) -> None:
        self._storage = storage
        self._snapshots = snapshots
        self._settings = settings
        self._places = settings.places
        self._clock = clock
        self._expiry = expiry
        self._book = SetBook(storage.directory)
        self._thread = ThreadPoolExecutor(1, "vault-backup")
        self._lock = asyncio.Lock()
        self._is_stopping = threading.Event()
        self.advance = Advance()

    @property
    def is_busy(self) -> bool:
        """Whether a backup is under way."""
        return self._lock.locked()

    async def stop(self) -> None:
        """Break off what is under way, and wait until it has cleaned up."""
        self._is_stopping.set()
        async with self._lock:
            self._thread.shutdown()

    async def take(self) -> BackupNote:
        """Take one.

        raises: EcholessError(BACKUP) with the reason; nothing of it is left then
        """
        async with self._lock:
            self._refuse_if_stopping()
            began_s = self._clock.monotonic_s()
            stem = Stem(self._clock.unix_ms() // 1000, new_opaque_id())
            note = None
            try:
                await self.apart(self._prepare)
                note = await self._take(stem, began_s)
                return note
            finally:
                await self.apart(lambda: self._clean_up(None if note is not None else stem))
                self.advance = Advance()

    async def refresh_keys(self) -> bool:
        """Write the archive of keys anew, without what was destroyed; False where there is no backup.

        raises: EcholessError(BACKUP)
        """
        async with self._lock:
            self._refuse_if_stopping()
            notes = await self.apart(self._places.notes)
            if not notes:
                return False
            try:
                await self.apart(self._prepare)
                await self._write_keys(stem_of(notes[-1]), self._book.read())
            finally:
                await self.apart(lambda: self._clean_up(None))
            return True

    async def apart(self, work: Callable[[], T]) -> T:
        """Do something with files in the backup's own thread.

        raises: EcholessError(BACKUP) where the file system refuses
        """
        reason = ""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except OSError as error:
            reason = f"error {error.errno or 0}"
        raise EcholessError(ErrorCode.BACKUP, f"a backup's folder cannot be read or written ({reason})")

    # --- steps ---

    async def _take(self, stem: Stem, began_s: float) -> BackupNote:
        staging = self._storage.directory.backup_staging
        await self._storage.writer.flush()
        await self._snapshots.copy_vault(staging / DATABASE_NAME, self._noted("database"))
        identity = new_identity()
        end, written = await self.apart(lambda: self._write_vault(stem, identity))
        expires_unix = stem.taken_unix + self._settings.days * DAY_S
        sealed = SealedSet(
            stem.set_id, stem.taken_unix, expires_unix, written.size_bytes, written.sha256, str(identity)
        )
        await self.apart(lambda: self._book.write((*self._book.read(), sealed)))
        await self._write_keys(stem, self._book.read() if self._settings.is_shredded_at_once else (sealed,))
        note = BackupNote(
            format=FORMAT, set_id=stem.set_id, origin=origin_of(self._storage.keyring), taken_unix=stem.taken_unix,
            expires_unix=expires_unix, size_bytes=written.size_bytes, sha256=written.sha256,
            object_count=end.object_count, object_bytes=end.object_bytes,
            took_ms=int((self._clock.monotonic_s() - began_s) * 1000),
        )  # fmt: skip
        await self.apart(lambda: write_whole(self._places.note_path(stem), msgspec.json.encode(note)))
        if self._settings.is_shredded_at_once:
            await self.apart(lambda: self._keep_only(stem))
        return note

    def _prepare(self) -> None:
        self._places.make()
        self._expiry.clear_leftovers()
        self._clean_up(None)
        self._storage.directory.backup_staging.mkdir(mode=0o700)

    def _clean_up(self, failed: Stem | None) -> None:
        """Overwrite the copies, and remove what a backup that failed has left."""
        if failed is not None:
            self._expiry.end([failed])
        remove_copies(self._storage.directory.backup_staging)

    def _write_vault(self, stem: Stem, identity: Identity) -> tuple[ArchiveEnd, Written]:
        previous = self._places.notes()
        copied_bytes = (self._storage.directory.backup_staging / DATABASE_NAME).stat().st_size
        expected = copied_bytes + (previous[-1].object_bytes if previous else 0)
        note = self._noted("archive")
        contents = _Contents(self._storage, self._head(stem))
        path = self._places.vault_path(stem)
        newer = path.with_name(path.name + _NEW)
        written = write_archive(
            newer,
            contents.entries(),
            [recipient_of(identity)],
            lambda read_bytes: note(min(0.99, read_bytes / max(1, expected))),
        )
        newer.replace(path)
        return contents.end, written

    async def _write_keys(self, stem: Stem, sets: tuple[SealedSet, ...]) -> None:
        staging = self._storage.directory.backup_staging
        ledger_bytes = await self.apart(lambda: _size_of(self._storage.directory.ledger))
        await self._snapshots.copy_keys(staging / KEYS_NAME, self._noted("keys"))
        head = KeysHead(
            format=FORMAT, origin=origin_of(self._storage.keyring), taken_unix=self._clock.unix_ms() // 1000,
            store=STORE, ledger_bytes=ledger_bytes, sets=sets,
        ).marked(self._storage.keyring)  # fmt: skip

        def write() -> None:
            path = self._places.keys_path(stem)
            newer = path.with_name(path.name + _NEW)
            write_archive(newer, self._key_entries(head), self._settings.recipients, lambda _read: self._stopped())
            supersede(path, newer)
            overwrite_and_remove(staging / KEYS_NAME)

        await self.apart(write)

    def _keep_only(self, stem: Stem) -> None:
        """Remove all other archives of keys: the one of this set has what is left of theirs."""
        for other in self._places.keys_stems():
            if other != stem:
                overwrite_and_remove(self._places.keys_path(other))

    def _head(self, stem: Stem) -> ArchiveHead:
        expires_unix = stem.taken_unix + self._settings.days * DAY_S
        return ArchiveHead(
            format=FORMAT, set_id=stem.set_id, origin=origin_of(self._storage.keyring), taken_unix=stem.taken_unix,
            expires_unix=expires_unix, directory_version=VERSION, store=STORE,
        )  # fmt: skip

    def _key_entries(self, head: KeysHead) -> Iterator[Entry]:
        yield Entry.of_bytes(HEAD_NAME, msgspec.json.encode(head))
        yield Entry.of_file(KEYS_NAME, self._storage.directory.backup_staging / KEYS_NAME)
        for path in sorted(self._storage.directory.keys.iterdir()):
            if path.is_file() and path.suffix == ".key" and path.stat().st_size <= KEY_FILE_BYTES_MAX:
                yield Entry.of_bytes(KEY_FILES + path.name, path.read_bytes())

    def _noted(self, step: str) -> Note:
        def note(fraction: float) -> None:
            self._stopped()
            self.advance = Advance(step, fraction)

        return note

    def _stopped(self) -> None:
        self._refuse_if_stopping()

    def _refuse_if_stopping(self) -> None:
        if self._is_stopping.is_set():
            raise EcholessError(ErrorCode.BACKUP, "the vault is stopping")


class _Contents:
    """The entries of an archive of a vault; `end` counts what has gone by."""

    def __init__(self, storage: Storage, head: ArchiveHead) -> None:
        self._storage = storage
        self._head = head
        self.end = ArchiveEnd(0, 0)

    def entries(self) -> Iterator[Entry]:
        """Yield head, database, ledger, objects and end."""
        directory = self._storage.directory
        yield Entry.of_bytes(HEAD_NAME, msgspec.json.encode(self._head))
        yield Entry.of_file(DATABASE_NAME, directory.backup_staging / DATABASE_NAME)
        if directory.ledger.exists():
            yield Entry.of_file(LEDGER_NAME, directory.ledger)
        for certificate in sorted(directory.ledger.parent.glob("certificates/*")):
            if certificate.suffix != ".new":
                yield Entry.of_file(CERTIFICATES + certificate.name, certificate)
        for path, _ in self._storage.segments.objects.paths():
            data = self._get(path)
            if data is not None:
                self.end = ArchiveEnd(self.end.object_count + 1, self.end.object_bytes + len(data))
                yield Entry.of_bytes(OBJECTS + path, data)
        yield Entry.of_bytes(END_NAME, msgspec.json.encode(self.end))

    def _get(self, path: str) -> bytes | None:
        """Return an object, or None where it was deleted since it was listed.

        raises: EcholessError(STORE_UNAVAILABLE) where the store does not answer
        """
        try:
            return self._storage.segments.objects.get(path)
        except EcholessError as error:
            if error.code is not ErrorCode.INTERNAL_ERROR:
                raise
        return None


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
