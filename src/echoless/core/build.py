"""Which program this is: a hash over every file of the installed package.

Two installations of the same release have the same hash, whoever built them; a changed line changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent
# Made by the interpreter beside the files, different for each machine.
_LEFT_OUT: Final = "__pycache__"


def build_hash(package: Path = _PACKAGE) -> str:
    """Return SHA-256 in hexadecimal over the files' paths and contents, in order of path.

    Each file counts as its path below the package, a zero byte and the SHA-256 of its content.
    """
    whole = hashlib.sha256()
    for name, digest in file_hashes(package):
        whole.update(name.encode("utf-8") + b"\0" + bytes.fromhex(digest))
    return whole.hexdigest()


def file_hashes(package: Path = _PACKAGE) -> list[tuple[str, str]]:
    """Return path and SHA-256 in hexadecimal of each file, in order of path."""
    found = sorted((path.relative_to(package).as_posix(), path) for path in _files(package))
    return [(name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in found]


def _files(package: Path) -> Iterator[Path]:
    for path in package.rglob("*"):
        if path.is_file() and _LEFT_OUT not in path.parts:
            yield path
