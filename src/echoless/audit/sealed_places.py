"""What an item leaves on the disk while it is kept: ciphertext and wrapped keys; found without a database.

A row lies in its file as its values one after the other. Of a key: the item, its workspace, and the wrapped key; so
the bytes that follow the first two are the key, wherever the file has them: in a page, in the log, or in what a
deletion left behind. Of an item: three ids, some words and numbers, and then what is sealed.
source: the record format of SQLite's database files; age-encryption.org/v1
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyrage

from echoless.audit.search.needles import MASK, Needle, audio_needles

_OBJECTS: Final = "objects"
_KEYS_FILES: Final = ("keys.sqlite", "keys.sqlite-wal")
_VAULT_FILES: Final = ("vault.sqlite", "vault.sqlite-wal")
_TELLING_BYTES: Final = 24
_DISTINCT_BYTES_MIN: Final = 12
_ROW_BYTES_MAX: Final = 400
# Four numbers of up to four bytes each; what is sealed is longer.
_NUMBERS_BYTES: Final = 16
_IDENTITY: Final = re.compile(rb"AGE-SECRET-KEY-1[A-Z0-9]+")


FORMS: Final = frozenset({"wrapped key", "sealed row", "ciphertext"})


@dataclass(frozen=True, slots=True)
class ItemIds:
    """The ids by which an item's rows are known."""

    item_id: str
    workspace_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One kept item as it lies there.

    owner:   how it is called in a report
    needles: of its ciphertext, its row and its wrapped key, in `FORMS`
    """

    owner: str
    item_id: str
    needles: tuple[Needle, ...]


def object_files(data_directory: Path) -> frozenset[Path]:
    """Return the files of all objects."""
    return frozenset(path for path in (data_directory / _OBJECTS).rglob("*") if path.is_file())


def sealed_item(
    data_directory: Path, owner: str, ids: ItemIds, output_format: str, objects: frozenset[Path]
) -> SealedItem:
    """Return what is to be found of an item now, and nowhere once it is deleted.

    output_format: the last word before the numbers of its row
    objects:       its own
    """
    keys = _followers(data_directory, _KEYS_FILES, ids.item_id + ids.workspace_id)
    rows = _followers(data_directory, _VAULT_FILES, ids.item_id + ids.workspace_id + ids.request_id, output_format)
    needles = [Needle("wrapped key", owner, key.translate(MASK)) for key in keys]
    needles += [Needle("sealed row", owner, row.translate(MASK)) for row in rows]
    for path in objects:
        needles += audio_needles(path.read_bytes(), owner, "ciphertext")
    return SealedItem(owner, ids.item_id, tuple(needles))


def places_of_items(data_directory: Path) -> tuple[Path, ...]:
    """Return the files that may hold anything of an item but its id."""
    names = (*_KEYS_FILES, *_VAULT_FILES)
    there = [data_directory / name for name in names if (data_directory / name).exists()]
    return (*there, *sorted(object_files(data_directory)))


def _followers(data_directory: Path, names: Sequence[str], head: str, word: str = "") -> list[bytes]:
    """Return what follows some values in files, each once.

    word: a later value that must be passed too, with the numbers behind it
    """
    found: set[bytes] = set()
    for path in (data_directory / name for name in names):
        data = path.read_bytes() if path.exists() else b""
        place = data.find(head.encode())
        while place >= 0:
            start = place + len(head)
            if word:
                start = data.find(word.encode(), start, start + _ROW_BYTES_MAX) + len(word) + _NUMBERS_BYTES
            found.add(data[start : start + _TELLING_BYTES])
            place = data.find(head.encode(), place + len(head))
    return sorted(
        piece for piece in found if len(piece) == _TELLING_BYTES and len(set(piece)) > _DISTINCT_BYTES_MIN
    )


def opened_archives(keys_archive: Path, vault_archive: Path, identity: str) -> Mapping[str, bytes]:
    """Open both archives of a backup as the operator can.

    identity: `AGE-SECRET-KEY-1...`
    returns:  every file in them by name, in the clear as far as archives go
    raises:   pyrage.DecryptError where one does not open
    """
    files = _files_in(_opened(keys_archive, [identity]))
    inner = [word.decode() for word in _IDENTITY.findall(b"\n".join(files.values()))]
    return files | _files_in(_opened(vault_archive, inner))


def _opened(path: Path, identities: Sequence[str]) -> bytes:
    plain: bytes = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(word) for word in identities])
    return plain


def _files_in(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar]
        return {name: file.read() for name, file in members if file is not None}
