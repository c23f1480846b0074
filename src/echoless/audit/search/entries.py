"""Walks directories: every entry with its facts, quickly, since places for temporary files hold many.

source: readdir(3), lstat(2)
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path


def entries(
    directory: Path, excluded: Collection[Path] = (), refused: list[OSError] | None = None
) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path and facts of a directory and of everything below it, links not followed.

    excluded: directories that are passed over with what is below them
    refused:  takes why a directory could not be listed; one that went while we looked is left out
    """
    passed_over = {str(path) for path in excluded}
    if str(directory) in passed_over:
        return
    with contextlib.suppress(OSError):
        yield str(directory), directory.lstat()
    waiting = [str(directory)]
    while waiting:
        for entry in _listed(waiting.pop(), refused):
            facts = None if entry.path in passed_over else _facts(entry)
            if facts is None:
                continue
            if stat.S_ISDIR(facts.st_mode):
                waiting.append(entry.path)
            yield entry.path, facts


def _listed(directory: str, refused: list[OSError] | None) -> list[os.DirEntry[str]]:
    """Return what is in a directory; nothing where it went or may not be listed."""
    try:
        with os.scandir(directory) as found:
            return list(found)
    except FileNotFoundError:
        return []
    except OSError as error:
        if refused is not None:
            refused.append(error)
        return []


def _facts(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
