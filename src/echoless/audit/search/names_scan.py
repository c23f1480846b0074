"""Searches what a file system keeps beside the bytes of files: names of entries of every kind, targets of links,
and extended attributes, lists of access among them.

source: xattr(7), readlink(2)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from echoless.audit.search.needles import Needle
from echoless.audit.search.places import PlaceScan, Sieve, reason_of


def scan_names(
    directories: Sequence[Path],
    needles: Sequence[Needle],
    *,
    place: str,
    excluded: Sequence[Path] = (),
    changed_since_unix_s: float = 0.0,
) -> PlaceScan:
    """Search names and attributes of everything below some directories, and of these themselves.

    place:                what the result is called
    excluded:             directories that belong to whoever searches
    changed_since_unix_s: attributes of entries that changed since; a name tells nothing of when it was given, so
                          all are searched
    """
    sieve = Sieve.of(needles)
    for directory, path in ((each, path) for each in directories for path in _entries(each, excluded)):
        # What is below a directory may be named by what must not be shown.
        sieve.look(f"name of an entry in {directory}", os.fsencode(path.name))
        try:
            facts = path.lstat()
            if path.is_symlink():
                sieve.look(f"target of a link in {directory}", os.fsencode(path.readlink()))
            if max(facts.st_ctime, facts.st_mtime) >= changed_since_unix_s:
                _attributes(sieve, path, f"extended attribute in {directory}")
        except FileNotFoundError:
            # It went while we looked.
            continue
        except OSError as error:
            sieve.pass_over("an entry", reason_of(error))
    return sieve.result(place, "names and attributes")


def _attributes(sieve: Sieve, path: Path, where: str) -> None:
    for name in os.listxattr(path, follow_symlinks=False):
        sieve.look(f"{where}: name", os.fsencode(name))
        sieve.look(f"{where}: value", os.getxattr(path, name, follow_symlinks=False))


def _entries(directory: Path, excluded: Sequence[Path]) -> Iterator[Path]:
    """Yield a directory and everything below it, links not followed."""
    yield directory
    for parent, folders, names in os.walk(directory, followlinks=False):
        folders[:] = [name for name in folders if Path(parent, name) not in excluded]
        for name in (*folders, *sorted(names)):
            yield Path(parent, name)
