"""Searches files byte by byte: a data directory with its database pages, logs and free lists, and the places where
programs leave temporary files. What was compressed is opened where it begins.

Files are read raw, so that deleted rows, slack and journals of a database are searched like everything else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from echoless.audit.search.entries import entries
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import Needle
from echoless.audit.search.packed import unpacked

SHARED_PLACES: Final = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108  # searched, never used
_BLOCK_BYTES: Final = 4 * 1024 * 1024
_SHARED_FILE_BYTES_MAX: Final = 64 * 1024 * 1024
_SHARED_BYTES_MAX: Final = 512 * 1024 * 1024
_OLD_FILE_BYTES_MAX: Final = 64 * 1024
_OLD_BYTES_MAX: Final = 64 * 1024 * 1024
# So many different ones of one text or sound are not in another's file by chance.
_TELLING_TOGETHER: Final = 8


@dataclass(frozen=True, slots=True)
class FileHit:
    """One copy in a file."""

    path: str
    kind: str
    owner: str
    offset: int
    needle: Needle


@dataclass(frozen=True, slots=True)
class DiskScan:
    """What was read.

    skipped: files that were over a bound or not readable by this user; never any of a data directory
    """

    file_count: int
    read_bytes: int
    skipped: tuple[str, ...]
    hits: tuple[FileHit, ...]

    def owners(self) -> set[str]:
        """Return whose copies were found."""
        return {hit.owner for hit in self.hits}


@dataclass(slots=True)
class _Tally:
    file_count: int = 0
    read_bytes: int = 0
    skipped: list[str] = field(default_factory=list)
    hits: list[FileHit] = field(default_factory=list)

    def result(self) -> DiskScan:
        return DiskScan(self.file_count, self.read_bytes, tuple(self.skipped), tuple(self.hits))


def scan_directory(directory: Path, needles: Sequence[Needle]) -> DiskScan:
    """Search every file below a directory, names of files included, without any bound.

    raises: PermissionError where a file cannot be read: a data directory is searched whole or not at all
    """
    tally, finder = _Tally(), Finder(needles)
    refused: list[OSError] = []
    for path, _ in _files(directory, refused=refused):
        _search_name(path, finder, tally)
        # A server at work removes files too: what is gone is searched for among free blocks.
        with contextlib.suppress(FileNotFoundError):
            _search_file(path, finder, tally)
    if refused:
        raise PermissionError(refused[0].errno, "a directory cannot be listed")
    return tally.result()


def scan_files(paths: Sequence[Path], needles: Sequence[Needle]) -> DiskScan:
    """Search some files, for example captured output."""
    tally, finder = _Tally(), Finder(needles)
    for path in paths:
        _search_file(path, finder, tally)
    return tally.result()


def fingerprint_shared_places(places: Sequence[Path] = SHARED_PLACES) -> Mapping[Path, bytes]:
    """Return a digest of each small file that lies there before anything is planted.

    A file with the same bytes afterwards took nothing; one that was written through a mapping changes its bytes
    but not always its time.
    """
    digests: dict[Path, bytes] = {}
    read_bytes = 0
    for path, facts in (found for place in places for found in _files(place)):
        if facts.st_size > _OLD_FILE_BYTES_MAX:
            continue
        digest = _digest(path)
        read_bytes += facts.st_size
        if digest is not None:
            digests[path] = digest
        if read_bytes > _OLD_BYTES_MAX:
            break
    return digests


def scan_shared_places(
    needles: Sequence[Needle],
    *,
    before: Mapping[Path, bytes],
    changed_since_unix_s: float,
    excluded: Sequence[Path] = (),
    places: Sequence[Path] = SHARED_PLACES,
) -> DiskScan:
    """Search the places for temporary files, within bounds: what changed since a time by its date or its bytes.

    needles:  of those that do not tell alone several must be in one file, since other programs write here too
    before:   what `fingerprint_shared_places` returned before anything was planted
    excluded: directories that are searched in another way or belong to whoever searches
    """
    tally, finder = _Tally(), Finder(needles)
    changed: list[tuple[int, Path]] = []
    for path, facts in (found for place in places for found in _files(place, excluded)):
        is_new = max(facts.st_mtime, facts.st_ctime) >= changed_since_unix_s
        if is_new or (path in before and _digest(path) != before[path]):
            changed.append((facts.st_size, path))
    # The small ones first: whoever fills the bound with much of its own hides no word behind it.
    for size_bytes, path in sorted(changed):
        is_within = size_bytes <= _SHARED_FILE_BYTES_MAX and tally.read_bytes <= _SHARED_BYTES_MAX
        _search_shared_file(path, finder, tally, is_read=is_within)
        if not is_within:
            tally.skipped.append(str(path))
    return tally.result()


def _search_shared_file(path: Path, finder: Finder, tally: _Tally, *, is_read: bool) -> None:
    """Search a file that may be another program's, by chance with a few bytes like ours.

    is_read: whether what is in it is searched, and not its name alone
    """
    found = _Tally()
    try:
        _search_name(path, finder, found)
        if is_read:
            _search_file(path, finder, found)
    except OSError:
        tally.skipped.append(str(path))
    tally.file_count += found.file_count
    tally.read_bytes += found.read_bytes
    different = {(hit.owner, hit.needle.masked) for hit in found.hits}
    count = Counter(owner for owner, _ in different)
    tally.hits += [hit for hit in found.hits if hit.needle.tells_alone or count[hit.owner] >= _TELLING_TOGETHER]


def _digest(path: Path) -> bytes | None:
    """Return the digest of a file's bytes; None where this user may not read it."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return None


def _files(
    directory: Path, excluded: Sequence[Path] = (), refused: list[OSError] | None = None
) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files below a directory with their facts, links not followed."""
    for path, facts in entries(directory, excluded, refused):
        if stat.S_ISREG(facts.st_mode):
            yield Path(path), facts


def _search_name(path: Path, finder: Finder, tally: _Tally) -> None:
    masked = mask(os.fsencode(path.name))
    for place, needle in finder.find(masked, len(masked)):
        tally.hits.append(FileHit("(a file name)", needle.kind, needle.owner, place, needle))


def _search_file(path: Path, finder: Finder, tally: _Tally) -> None:
    overlap = finder.longest_bytes - 1
    with path.open("rb", buffering=0) as file:
        start = 0
        while True:
            block = os.pread(file.fileno(), _BLOCK_BYTES + overlap, start)
            if not block:
                break
            for place, needle in finder.find(mask(block), _BLOCK_BYTES):
                tally.hits.append(FileHit(str(path), needle.kind, needle.owner, start + place, needle))
            for at, plain in unpacked(block):
                for _, needle in finder.find(mask(plain), len(plain)):
                    kind = f"{needle.kind}, packed"
                    tally.hits.append(FileHit(str(path), kind, needle.owner, start + at, needle))
            tally.read_bytes += min(len(block), _BLOCK_BYTES)
            start += _BLOCK_BYTES
    tally.file_count += 1
