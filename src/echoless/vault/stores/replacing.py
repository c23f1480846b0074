"""A restored directory takes the place of the one that was there: as a whole, however often it is interrupted.

It is made in a folder of its own below the data directory. Until it is whole and the file `restore-whole` says so,
nothing of the running data is touched, and whoever starts next removes what there is. From then on it is carried to
its end: each part is moved by one rename, and a part that was moved is not moved again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from echoless.vault.stores.directory import DataDirectory, overwrite_and_remove, sync_folder, write_whole

_DATABASES: Final = ("vault.sqlite", "keys.sqlite")
_SIDE_FILES: Final = ("-wal", "-shm")
_PARTS: Final = (*_DATABASES, "keys", "objects", "erasure/ledger", "version")
_KEPT_NAMES: Final = "erasure/certificates"
_DISCARDED: Final = "discarded"


def declare_whole(directory: DataDirectory) -> None:
    """Say that the restored directory is whole: from here on it is the one that counts."""
    staging = DataDirectory(directory.restore_staging)
    for name in (*_DATABASES, "version"):
        assert (staging.root / name).exists(), "what takes the place of a directory has all of its parts"
    for folder in (staging.root, staging.keys, staging.ledger.parent):
        sync_folder(folder)
    write_whole(directory.restore_whole, b"1\n")


def finish_restore(directory: DataDirectory) -> bool:
    """Carry a whole restore to its end, or remove one that is not; return whether there was a whole one."""
    staging = directory.restore_staging
    is_whole = directory.restore_whole.exists()
    if is_whole:
        directory.ledger.parent.mkdir(mode=0o700, exist_ok=True)
        for name in _PARTS:
            _move_in(staging, directory.root, name)
        _keep_certificates(staging, directory.root)
        for folder in (directory.root, directory.ledger.parent):
            sync_folder(folder)
        directory.restore_whole.unlink()
        sync_folder(directory.root)
    if staging.is_dir():
        _remove(staging)
    return is_whole


def _move_in(staging: Path, root: Path, name: str) -> None:
    source, target = staging / name, root / name
    if not source.exists():
        return
    if name in _DATABASES:
        # A log of the old file would be taken for one of the new.
        for ending in _SIDE_FILES:
            overwrite_and_remove(root / (name + ending))
    if target.exists():
        discarded = staging / _DISCARDED / name
        discarded.parent.mkdir(parents=True, exist_ok=True)
        target.rename(discarded)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source.rename(target)


def _keep_certificates(staging: Path, root: Path) -> None:
    """Add those that are not there: one that was given out is never taken back."""
    source, target = staging / _KEPT_NAMES, root / _KEPT_NAMES
    if source.is_dir():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in source.iterdir():
            if not (target / path.name).exists():
                path.rename(target / path.name)


def _remove(staging: Path) -> None:
    """Overwrite keys, then remove everything."""
    for base in (staging, staging / _DISCARDED):
        for path in (*base.glob("keys.sqlite*"), *base.glob("keys/*"), *base.glob("*.database")):
            overwrite_and_remove(path)
    shutil.rmtree(staging)
    sync_folder(staging.parent)
