"""The data directory: where everything lies, which version it has, and who holds it.

    version             the number of the layout, as text
    installation        which stores lie outside, in PostgreSQL or S3, and the id that they know this directory by
    vault.lock          held while a vault is open
    vault.sqlite        accounts, history (sealed), request log, usage, audit trail
    keys.sqlite         wrapped keys, never in one file or copy with what they open
    keys/               master key and pepper, mode 0600
    objects/            sealed audio and transcripts, a folder for each item
    erasure/ledger      ids of what was deleted, append-only
    log/                the transparency log: tiles and the newest checkpoint, for anybody to read
    before-migration/   copies of both databases while a migration may have to be taken back
    backup-staging/     copies of both databases while a backup is made of them
    restore-staging/    a restored directory until it is whole; with restore-whole it takes this one's place

Nothing in here is readable for anybody but the user who runs the server.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

VERSION: Final = 5
_ZEROS_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths below one root."""

    root: Path

    @property
    def vault_database(self) -> Path:
        """The main database."""
        return self.root / "vault.sqlite"

    @property
    def keys_database(self) -> Path:
        """The database of wrapped keys."""
        return self.root / "keys.sqlite"

    @property
    def keys(self) -> Path:
        """Folder of the key files."""
        return self.root / "keys"

    @property
    def log(self) -> Path:
        """Folder of the transparency log."""
        return self.root / "log"

    @property
    def objects(self) -> Path:
        """Folder of the sealed audio."""
        return self.root / "objects"

    @property
    def ledger(self) -> Path:
        """The erasure ledger."""
        return self.root / "erasure" / "ledger"

    @property
    def copies(self) -> Path:
        """Copies of the databases from before the last migration."""
        return self.root / "before-migration"

    @property
    def backup_staging(self) -> Path:
        """Copies of the databases while a backup is made of them."""
        return self.root / "backup-staging"

    @property
    def restore_staging(self) -> Path:
        """A directory like this one, while it is restored from an archive."""
        return self.root / "restore-staging"

    @property
    def restore_whole(self) -> Path:
        """There from when a restored directory is whole until it has taken the place of this one."""
        return self.root / "restore-whole"

    @property
    def version_file(self) -> Path:
        """Holds the version of the layout."""
        return self.root / "version"

    @property
    def installation_file(self) -> Path:
        """Says which stores lie outside the directory; there is none where all lie in it."""
        return self.root / "installation"

    @property
    def moving_file(self) -> Path:
        """There while everything is being moved here from another directory, and after a move that was killed."""
        return self.root / "moving"

    @property
    def unfinished_file(self) -> Path:
        """There while a migration runs, and after one that was killed."""
        return self.root / "migration-unfinished"

    def make(self) -> None:
        """Make what is missing, closed to others.

        raises: EcholessError(DATA_DIRECTORY) where the place cannot be made or written
        """
        error_number = 0
        try:
            for folder in (self.root, self.keys, self.objects, self.ledger.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            error_number = error.errno or 0
        if error_number:
            raise _unusable(f"the data directory cannot be made or written (error {error_number})")

    def version(self) -> int:
        """Return the version of the layout, 0 for a new directory.

        raises: EcholessError(DATA_DIRECTORY) for a newer version, or databases without a version
        """
        try:
            found = int(self.version_file.read_text("ascii"))
        except FileNotFoundError:
            found = 0
        except ValueError:
            found = -1
        # A first migration that was killed leaves tables and no version; the next start takes them back.
        is_begun = self.vault_database.exists() and self.vault_database.stat().st_size
        if found < 0 or (found == 0 and is_begun and not self.unfinished_file.exists()):
            raise _unusable("the data directory has a database but no version that can be read")
        return found

    def set_version(self, version: int) -> None:
        """Write the version, whole or not at all."""
        write_whole(self.version_file, f"{version}\n".encode("ascii"))


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a small file so that it is there whole or not at all, also after loss of power; mode 0600."""
    staging = path.with_name(path.name + ".new")
    descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    staging.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of it: on a disk that is nearly full a write may take less than it was given, and not say so.

    raises: OSError where the disk refuses
    """
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def make_private(path: Path) -> None:
    """Make an empty file that only this user may read."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))


def overwrite_and_remove(path: Path) -> None:
    """Write zeros over a file, durably, and remove it; nothing happens where there is none."""
    if not path.exists():
        return
    with path.open("r+b", buffering=0) as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, _ZEROS_BYTES)))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def remove_copies(folder: Path) -> None:
    """Overwrite and remove the files of a folder of copies, and the folder."""
    if not folder.is_dir():
        return
    for path in tuple(folder.iterdir()):
        overwrite_and_remove(path)
    folder.rmdir()


def supersede(path: Path, newer: Path) -> None:
    """Put a durable file in the place of another at once, then overwrite the other; a crash leaves `.old` of it."""
    drop_superseded(path)
    old = _old_of(path)
    if path.exists():
        old.hardlink_to(path)
    newer.replace(path)
    sync_folder(path.parent)
    overwrite_and_remove(old)


def drop_superseded(path: Path) -> None:
    """Finish what `supersede` began: overwrite what was superseded, and nothing that is still in use."""
    old = _old_of(path)
    if old.exists() and path.exists() and old.samefile(path):
        # A crash came before the newer file: this is a second name of the one in use.
        old.unlink()
        sync_folder(path.parent)
        return
    overwrite_and_remove(old)


def _old_of(path: Path) -> Path:
    return path.with_name(path.name + ".old")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DirectoryLock:
    """One vault per directory. The kernel gives the lock back when the process ends, however it ends."""

    def __init__(self, directory: DataDirectory) -> None:
        self._descriptor = os.open(directory.root / "vault.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
        else:
            return
        raise _unusable("another server or command has this data directory open")

    def release(self) -> None:
        """Give the directory back."""
        os.close(self._descriptor)


def _unusable(description: str) -> EcholessError:
    return EcholessError(ErrorCode.DATA_DIRECTORY, description)
