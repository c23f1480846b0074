"""Searches what a file system keeps beside the bytes of files: names of entries of every kind, targets of links,
and extended attributes, lists of access among them.

source: xattr(7), readlink(2)
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from echoless.audit.search.entries import entries
from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of


def scan_names(
    directories: Sequence[Path],
    needles: Sought,
    *,
    place: str,
    excluded: Sequence[Path] = (),
    changed_since_unix_s: float = 0.0,
) -> PlaceScan:
    """Search names and attributes of everything below some directories, and of these themselves.

    place:                what the result is called
    excluded:             directories that belong to whoever searches
    changed_since_unix_s: entries that changed since, which getting a name or an attribute counts as
    """
    sieve = Sieve.of(needles)
    for directory in directories:
        refused: list[OSError] = []
        for path, facts in entries(directory, excluded, refused):
            if max(facts.st_ctime, facts.st_mtime) < changed_since_unix_s:
                continue
            try:
                _entry(sieve, directory, path, facts)
            except FileNotFoundError:
                # It went while we looked.
                continue
            except OSError as error:
                sieve.pass_over(f"an entry in {directory}", reason_of(error))
        for refusal in refused:
            sieve.pass_over(f"a directory in {directory}", reason_of(refusal))
    return sieve.result(place, "names and attributes")


def _entry(sieve: Sieve, directory: Path, path: str, facts: os.stat_result) -> None:
    """Search one entry; what is below a directory may be named by what must not be shown."""
    sieve.look(f"name of an entry in {directory}", os.fsencode(path).rpartition(b"/")[2])
    if stat.S_ISLNK(facts.st_mode):
        target = os.readlink(path)  # noqa: PTH115  # bytes as they are; a Path would tidy them
        sieve.look(f"target of a link in {directory}", os.fsencode(target))
    for name in os.listxattr(path, follow_symlinks=False):
        sieve.look(f"extended attribute in {directory}: name", os.fsencode(name))
        sieve.look(f"extended attribute in {directory}: value", os.getxattr(path, name, follow_symlinks=False))
