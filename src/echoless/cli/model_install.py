"""Bringing a model's files here: fetched or copied, checked, unpacked, and put in place in one step.

What is fetched goes to a file of its own and may be continued after a break. Nothing is unpacked before size and
SHA-256 are right, and nothing that was unpacked is seen under the model's name before all of it is there.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from echoless.cli.model_archive import unpack
from echoless.cli.model_fetch import fetch
from echoless.core.engine_names import is_engine_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import (
    MANIFEST_NAME,
    CatalogueModel,
    InstalledModel,
    ModelFile,
    manifest_of,
    part_paths,
    read_installed,
)

PARTIAL_NAME: Final = ".partial"
_CHUNK_BYTES: Final = 1024 * 1024
Report = Callable[[str, float], None]


def install(
    model: CatalogueModel, directory: Path, *, mirror: str = "", from_path: Path | None = None, report: Report
) -> InstalledModel:
    """Install a model below a directory.

    mirror:    an address whose scheme and host stand in for those of the catalogue
    from_path: the archive, or a directory with the files, already here; nothing is fetched then
    report:    is told the name and fraction of each step
    raises:    EcholessError(CONFIGURATION) for what cannot be fetched, is not what it should be, or is there
               already; nothing is installed then
    """
    name = model.card.name
    target = directory / name
    if target.exists():
        raise _refuse(f"{name} is installed already; remove it first")
    partial = directory / PARTIAL_NAME / name
    partial.mkdir(parents=True, exist_ok=True)
    with _locked(partial, name), _staging(directory) as staging:
        for file in model.files:
            if from_path is None:
                place = partial / _flat(file.path)
                fetch(file, place, mirror=mirror, report=functools.partial(report, f"fetch {file.path}"))
            else:
                place = _here(file, from_path)
            _check(file, place, report, is_ours=from_path is None)
            _bring(file, place, staging)
        sizes = _sizes(staging)
        _check_parts(model, sizes)
        (staging / MANIFEST_NAME).write_text(manifest_of(model.card, sizes), encoding="utf-8")
        staging.chmod(0o755)
        staging.rename(target)
    shutil.rmtree(partial)
    return read_installed(target)


def installed_models(directory: Path) -> dict[str, InstalledModel]:
    """Return what is installed below a directory, by name."""
    if not directory.is_dir():
        return {}
    places = sorted(path for path in directory.iterdir() if (path / MANIFEST_NAME).is_file())
    return {place.name: read_installed(place) for place in places}


def remove(name: str, directory: Path) -> InstalledModel:
    """Take a model away, and what was fetched of it.

    raises: EcholessError(CONFIGURATION) when it is not installed
    """
    if not is_engine_name(name):
        raise _refuse("this is no name of a model")
    model = read_installed(directory / name)
    # First out of sight in one step, so that no half of a model is ever taken for one.
    with tempfile.TemporaryDirectory(prefix=".removed-", dir=directory) as grave:
        model.directory.rename(Path(grave) / name)
    shutil.rmtree(directory / PARTIAL_NAME / name, ignore_errors=True)
    return model


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text)


@contextmanager
def _locked(partial: Path, name: str) -> Iterator[None]:
    """Let one install at a time touch what is fetched of a model."""
    descriptor = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_free = True
        except BlockingIOError:
            is_free = False
        if not is_free:
            raise _refuse(f"{name} is being installed by another process")
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _staging(directory: Path) -> Iterator[Path]:
    """Give a directory that is gone afterwards, unless it was put in place."""
    staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=directory))
    try:
        yield staging
    finally:
        if staging.exists():
            shutil.rmtree(staging)


def _here(file: ModelFile, from_path: Path) -> Path:
    """Return where a file lies that was brought by hand."""
    place = from_path / file.path if from_path.is_dir() else from_path
    if not place.is_file():
        raise _refuse(f"{place} is no file")
    return place


def _flat(path: str) -> str:
    return path.replace("/", "_")


def _check(file: ModelFile, place: Path, report: Report, *, is_ours: bool) -> None:
    """Compare a file with what the catalogue says of it; one of ours that is wrong is taken away."""
    size = place.stat().st_size
    if size != file.size_bytes:
        raise _refuse(f"{file.path}: {size} bytes where the catalogue says {file.size_bytes}")
    digest, done = hashlib.sha256(), 0
    with place.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            report(f"check {file.path}", done / size)
    if digest.hexdigest() != file.sha256:
        if is_ours:
            place.unlink()
        raise _refuse(f"{file.path}: its SHA-256 is not the one in the catalogue; nothing was installed")


def _bring(file: ModelFile, place: Path, staging: Path) -> None:
    if file.is_archive:
        unpack(place, staging)
        return
    target = staging / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, target)


def _sizes(staging: Path) -> dict[str, int]:
    paths = sorted(path for path in staging.rglob("*") if path.is_file())
    return {path.relative_to(staging).as_posix(): path.stat().st_size for path in paths}


def _check_parts(model: CatalogueModel, sizes: dict[str, int]) -> None:
    for value in model.card.parts.values():
        for path in part_paths(value):
            if path not in sizes and not any(known.startswith(f"{path}/") for known in sizes):
                raise _refuse(f"{model.card.name}: the files do not hold {path}; nothing was installed")
