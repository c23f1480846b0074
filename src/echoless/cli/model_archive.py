"""Unpacking an archive that is not trusted: plain files below one directory, and not too much of them."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import MANIFEST_NAME

MEMBERS_MAX: Final = 20_000
_FACTOR_MAX: Final = 20
_EXTRA_BYTES: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar file, compressed or not, without its topmost directory.

    target: an empty directory
    raises: EcholessError(CONFIGURATION) for links, devices, paths that lead out, two files of one name, or more
            than an archive of its size may hold
    """
    left_bytes = archive.stat().st_size * _FACTOR_MAX + _EXTRA_BYTES
    reason = ""
    try:
        with tarfile.open(archive, "r|*") as members:
            for count, member in enumerate(members, 1):
                left_bytes -= member.size
                if count > MEMBERS_MAX or left_bytes < 0:
                    raise _refuse("holds more than an archive of its size may")
                _put(members, member, target)
    except (tarfile.TarError, EOFError, OSError) as error:
        reason = type(error).__name__
    if reason:
        raise _refuse(f"cannot be read ({reason})")


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, f"the archive {text}; nothing was installed")


def _put(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.isdir():
        return
    if not member.isreg():
        raise _refuse("holds a link, a device or a pipe")
    place = target / _inner_path(member.name)
    source = members.extractfile(member)
    assert source is not None, "a regular file has content"
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        stream = place.open("xb")
    except FileExistsError:
        stream = None
    if stream is None:
        raise _refuse("holds two files of one name")
    with source, stream:
        _copy(source, stream)


def _copy(source: IO[bytes], stream: IO[bytes]) -> None:
    while chunk := source.read(_CHUNK_BYTES):
        stream.write(chunk)


def _inner_path(name: str) -> PurePosixPath:
    """Return a member's path without the topmost directory."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or not pure.parts:
        raise _refuse("holds a path that leads out of it")
    inner = PurePosixPath(*pure.parts[1:]) if len(pure.parts) > 1 else pure
    if inner.as_posix() == MANIFEST_NAME:
        raise _refuse("holds a file with the name of the manifest")
    return inner
