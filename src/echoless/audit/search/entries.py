"""Walks directories: every entry with its facts, quickly, since places for temporary files hold many.

source: readdir(3), lstat(2)
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path


def entries(directory: Path, excluded: Collection[Path] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the path and facts of a directory and of everything below it, links not followed.

    excluded: directories that are passed over with what is below them
    What goes while we look is left out.
    """
    passed_over = {str(path) for path in excluded}
    if str(directory) in passed_over:
        return
    with contextlib.suppress(OSError):
        yield str(directory), directory.lstat()
    waiting = [str(directory)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as found:
            for entry in found:
                if entry.path in passed_over:
                    continue
                facts = _facts(entry)
                if facts is None:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                yield entry.path, facts


def _facts(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
