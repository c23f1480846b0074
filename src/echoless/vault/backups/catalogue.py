"""Which backups there are, and the end of each.

The folder of archives may be copied anywhere: without the folder of keys nobody can open what is in it. The folder
of keys is what forgets, so it must lie where a file that is removed is gone. Both are read anew each time: what is
there is what counts, whoever put it there or took it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from echoless.vault.backups.manifest import (
    DAY_S,
    KEYS_ENDING,
    NOTE_ENDING,
    VAULT_ENDING,
    BackupNote,
    SealedSet,
    Stem,
)
from echoless.vault.stores.directory import (
    DataDirectory,
    overwrite_and_remove,
    supersede,
    sync_folder,
    write_whole,
)

_SETS_NAME: Final = "backup-sets"
_NEW: Final = ".new"
_LEFTOVERS: Final = (_NEW, ".old")


@dataclass(frozen=True, slots=True)
class BackupPlaces:
    """The two folders.

    archives: sealed archives of the vault, with a note beside each
    keys:     sealed archives of keys
    """

    archives: Path
    keys: Path

    def make(self) -> None:
        """Make what is missing, closed to others."""
        for folder in (self.archives, self.keys):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def vault_path(self, stem: Stem) -> Path:
        """Return where the archive of a vault lies."""
        return self.archives / f"{stem}{VAULT_ENDING}"

    def keys_path(self, stem: Stem) -> Path:
        """Return where the archive of keys lies that was made with a set."""
        return self.keys / f"{stem}{KEYS_ENDING}"

    def note_path(self, stem: Stem) -> Path:
        """Return where the note of a set lies."""
        return self.archives / f"{stem}{NOTE_ENDING}"

    @property
    def ledger(self) -> Path:
        """A copy of the erasure ledger, so that it outlives the data directory."""
        return self.keys / "erasure-ledger"

    def stems(self) -> set[Stem]:
        """Return the stems of all files that are ours, in both folders."""
        names = (path.name for folder in (self.archives, self.keys) if folder.is_dir() for path in folder.iterdir())
        return {stem for stem in map(Stem.of_file, names) if stem is not None}

    def notes(self) -> list[BackupNote]:
        """Return the notes of all whole sets, oldest first; a file that is no note is none."""
        found = []
        for stem in self.stems():
            note = _note_in(self.note_path(stem))
            if note is not None and note.set_id == stem.set_id:
                found.append(note)
        return sorted(found, key=lambda note: (note.taken_unix, note.set_id))

    def keys_stems(self) -> list[Stem]:
        """Return the stems of all archives of keys, oldest first."""
        ours = (stem for stem in self.stems() if self.keys_path(stem).exists())
        return sorted(ours, key=lambda stem: (stem.taken_unix, stem.set_id))


def stem_of(note: BackupNote) -> Stem:
    """Return the stem of a set's files."""
    return Stem(note.taken_unix, note.set_id)


class SetBook:
    """The identities of the sets that have not expired, in a file beside the other keys.

    The server needs them where a deletion reaches backups at once: the archive of keys is written anew then, and
    what it was sealed for the operator the server cannot open.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._path = directory.keys / _SETS_NAME

    def read(self) -> tuple[SealedSet, ...]:
        """Return all, oldest first; none where the file is missing or damaged."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[SealedSet, ...])
        except (FileNotFoundError, msgspec.DecodeError):
            return ()

    def write(self, sets: tuple[SealedSet, ...]) -> None:
        """Replace all; what was there before is overwritten."""
        newer = self._path.with_name(self._path.name + _NEW)
        write_whole(newer, msgspec.json.encode(sets))
        supersede(self._path, newer)

    def drop(self, set_ids: set[str]) -> None:
        """Forget sets."""
        before = self.read()
        left = tuple(each for each in before if each.set_id not in set_ids)
        if left != before:
            self.write(left)

    @classmethod
    def is_name(cls, name: str) -> bool:
        """Whether a file of the folder of keys is this book, which is never in an archive by itself."""
        return name.startswith(_SETS_NAME)


class Expiry:
    """Ends backups: the keys first, overwritten and removed, then the archives."""

    def __init__(self, places: BackupPlaces, book: SetBook, days: int) -> None:
        self._places = places
        self._book = book
        self._life_s = days * DAY_S

    def due(self, now_unix: int, ahead_s: int = 0) -> list[Stem]:
        """Return what has lived long enough, or will have within `ahead_s`. There is no lower bound."""
        limit = now_unix - self._life_s + ahead_s
        return sorted((stem for stem in self._places.stems() if stem.taken_unix <= limit), key=str)

    def from_the_future(self, now_unix: int) -> list[Stem]:
        """Return what was taken by a clock that was wrong by more than a day: its age cannot be told."""
        return sorted((stem for stem in self._places.stems() if stem.taken_unix > now_unix + DAY_S), key=str)

    def unfinished(self) -> list[Stem]:
        """Return what a run left that did not come to its end."""
        whole = {stem_of(note) for note in self._places.notes()}
        return sorted(self._places.stems() - whole, key=str)

    def end(self, stems: list[Stem]) -> int:
        """Remove sets; return how many.

        raises: OSError where a folder refuses
        """
        if not stems:
            return 0
        for stem in stems:
            overwrite_and_remove(self._places.keys_path(stem))
        self._book.drop({stem.set_id for stem in stems})
        for stem in stems:
            self._places.note_path(stem).unlink(missing_ok=True)
            self._places.vault_path(stem).unlink(missing_ok=True)
        sync_folder(self._places.archives)
        return len(stems)

    def clear_leftovers(self) -> None:
        """Remove what a killed process left half written or half overwritten; no run may be under way."""
        for path in self._half_written():
            overwrite_and_remove(path)
        self.end(self.unfinished())

    def _half_written(self) -> Iterator[Path]:
        for folder in (self._places.archives, self._places.keys):
            for path in tuple(folder.iterdir()) if folder.is_dir() else ():
                if path.name.endswith(_LEFTOVERS) and Stem.of_file(path.name) is not None:
                    yield path


def _note_in(path: Path) -> BackupNote | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=BackupNote)
    except (OSError, msgspec.DecodeError):
        return None
