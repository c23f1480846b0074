"""Reading the two archives of a set, into a folder where nothing is used before all of it was proved.

Names in an archive decide nothing: each must be one that we write, and goes to the place that we know for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from echoless.vault.backups.age_keys import Identity, identity_of
from echoless.vault.backups.archive import Entry, Written, opened, refused
from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.backups.manifest import (
    DATABASE_NAME,
    END_NAME,
    FORMAT,
    HEAD_NAME,
    KEYS_NAME,
    LEDGER_NAME,
    OBJECTS,
    ArchiveEnd,
    ArchiveHead,
    KeysHead,
    SealedSet,
    Stem,
)
from echoless.vault.stores.directory import VERSION

_SMALL_BYTES_MAX: Final = 1024 * 1024
_HEAD_BYTES_MAX: Final = 64 * 1024 * 1024
_KEY_FILE: Final = re.compile(r"keys/[a-z_]{1,40}\.key")
_OBJECT: Final = re.compile(r"objects/[A-Za-z0-9]{2}/[A-Za-z0-9_-]{1,64}/[a-z0-9-]{1,32}")
_CERTIFICATE: Final = re.compile(r"certificates/[A-Za-z0-9]{20}\.[a-z]{1,8}")
T = TypeVar("T", bound=msgspec.Struct)
Place = Callable[[str], Path | None]
"""Says where an entry goes; None where it is read and not kept."""


@dataclass(frozen=True, slots=True)
class FoundKeys:
    """The archive of keys that a set is opened with."""

    head: KeysHead
    sealed_set: SealedSet


def read_keys(
    places: BackupPlaces, set_id: str, identities: Sequence[Identity], place: Place, newest: Stem | None = None
) -> FoundKeys:
    """Read the archive of keys for a set: its own, or the newest, which has what is left of all.

    place:  where entries go
    raises: EcholessError(BACKUP) where there is none, or it is refused
    """
    stems = places.keys_stems()
    own = [stem for stem in stems if stem.set_id == set_id]
    chosen = newest or (own[0] if own else None) or (stems[-1] if stems else None)
    if chosen is None:
        raise refused("there is no archive of keys: without it no backup can be opened")
    path = places.keys_path(chosen)
    with opened(path, identities) as (entries, _):
        head = _decoded(_first(entries, HEAD_NAME), KeysHead, _HEAD_BYTES_MAX)
        for entry in entries:
            if entry.name != KEYS_NAME and _KEY_FILE.fullmatch(entry.name) is None:
                raise refused("the archive of keys holds something unknown")
            _keep(entry, place(entry.name))
    _check_format(head.format)
    mine = [each for each in head.sets if each.set_id == set_id]
    if not mine:
        raise refused("the archive of keys knows nothing of this backup: its key was destroyed when it expired")
    return FoundKeys(head, mine[0])


def read_vault(
    path: Path, sealed: SealedSet, place: Place, note: Callable[[float], None]
) -> tuple[ArchiveHead, ArchiveEnd]:
    """Read an archive of a vault to its end.

    note:   takes how far it is, 0 to 1
    raises: EcholessError(BACKUP) where it is not what the archive of keys says, or not whole
    """
    object_count = object_bytes = 0
    end: ArchiveEnd | None = None
    written: Callable[[], Written]
    with opened(path, [identity_of(sealed.identity)]) as (entries, written):
        head = _decoded(_first(entries, HEAD_NAME), ArchiveHead, _SMALL_BYTES_MAX)
        _check_format(head.format)
        _check_version(head.directory_version)
        for entry in entries:
            if end is not None or not _is_ours(entry.name):
                raise refused("the archive holds something unknown")
            if entry.name == END_NAME:
                end = _decoded(entry, ArchiveEnd, _SMALL_BYTES_MAX)
                continue
            _keep(entry, place(entry.name))
            if entry.name.startswith(OBJECTS):
                object_count, object_bytes = object_count + 1, object_bytes + entry.size_bytes
            note(min(0.99, written().size_bytes / max(1, sealed.size_bytes)))
    found = written()
    if (found.sha256, found.size_bytes, head.set_id) != (sealed.sha256, sealed.size_bytes, sealed.set_id):
        raise refused("the archive is not the one that its keys were made with")
    if end is None or (end.object_count, end.object_bytes) != (object_count, object_bytes):
        raise refused("the archive lacks something that it should hold")
    return head, end


def _is_ours(name: str) -> bool:
    if name in {DATABASE_NAME, LEDGER_NAME, END_NAME}:
        return True
    return _OBJECT.fullmatch(name) is not None or _CERTIFICATE.fullmatch(name) is not None


def _first(entries: Iterator[Entry], name: str) -> Entry:
    entry = next(entries, None)
    if entry is None or entry.name != name:
        raise refused("the archive is none of Echoless")
    return entry


def _decoded(entry: Entry, kind: type[T], bytes_max: int) -> T:
    if entry.size_bytes <= bytes_max:
        try:
            return msgspec.json.decode(b"".join(entry.pieces), type=kind)
        except msgspec.DecodeError:
            pass
    raise refused("the archive is of a form that this program does not know")


def _check_format(found: int) -> None:
    if found != FORMAT:
        raise refused(f"the archive has format {found}, this program knows format {FORMAT}")


def _check_version(found: int) -> None:
    if found > VERSION:
        raise refused(
            f"the archive holds a directory of version {found}, this program knows versions up to {VERSION}: "
            "restore it with the program that made it, or a newer one"
        )


def _keep(entry: Entry, path: Path | None) -> None:
    """Write an entry to its place; the disk that has no room says so.

    raises: OSError
    """
    if path is None:
        for _ in entry.pieces:
            pass
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for piece in entry.pieces:
            left = memoryview(piece)
            while left:
                left = left[file.write(left) :]
        if not entry.name.startswith(OBJECTS):
            os.fsync(file.fileno())
