"""Where the commands read a transparency log from: a server, or anybody's copy of its files; and how a copy is
written.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
import typer

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.growing import Fetch
from echoless.receipts.mirroring import CHECKPOINT
from echoless.receipts.tiles import ENTRY_BYTES_MAX, TILE_WIDTH

_TIMEOUT_S: Final = 30.0
_FILE_S: Final = 120.0
# A tile of 256 entries, each as long as one may be, with its length; nothing in a log is larger.
_FILE_BYTES_MAX: Final = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)
# A program between could put any number of bytes behind few.
_AS_IT_IS: Final = {"accept-encoding": "identity"}
_FOUND, _NOT_FOUND = 200, 404
KeysOption = Annotated[
    Path, typer.Option("--keys", metavar="FILE", help="The answer of GET /v1/transparency-log/keys, saved earlier.")
]
UrlOption = Annotated[str | None, typer.Option("--url", help="Address of the server, or of a mirror of its log.")]
FolderOption = Annotated[Path | None, typer.Option("--dir", metavar="DIR", help="A copy of the log's files.")]
WitnessOption = Annotated[
    list[str] | None, typer.Option("--witness", metavar="KEY", help="A witness that must have signed; repeatable.")
]


@contextlib.contextmanager
def log_files(url: str | None, folder: Path | None) -> Iterator[Fetch]:
    """Yield what reads the files of a log.

    raises: EcholessError(INVALID_PARAMETERS) unless one of the two is named, and is there if a folder; what is
            yielded raises EcholessError(NOT_FOUND) where a server cannot be reached
    """
    if (url is None) is (folder is None):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "name the log by --url or by --dir", param="url")
    if folder is not None:
        if not folder.is_dir():
            # A place that is mistaken is no log that lies.
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{folder} is no folder", param="dir")
        yield fetch_from(folder)
        return
    with httpx2.Client(timeout=_TIMEOUT_S) as client:
        yield _fetch_over(client, f"{str(url).rstrip('/')}/v1/transparency-log")


def fetch_from(folder: Path) -> Fetch:
    """Return what reads the files of a copy."""

    def fetch(path: str) -> bytes | None:
        place = folder / path
        return place.read_bytes() if place.is_file() else None

    return fetch


def newest_note(fetch: Fetch) -> str:
    """Return the newest checkpoint of a log; empty where it has none."""
    return (fetch(CHECKPOINT) or b"").decode("utf-8", "replace")


def put_durably(folder: Path, path: str, data: bytes) -> None:
    """Write one file of a copy: there whole or not at all, also after loss of power.

    raises: EcholessError(INVALID_PARAMETERS) where it cannot be written
    """
    place = folder / path
    try:
        _put(place, data)
    except OSError as error:
        reason = error.strerror or "the system refuses it"
    else:
        return
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"cannot write {place}: {reason}")


def _put(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    staging = place.with_name(place.name + ".new")
    with staging.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    staging.replace(place)
    descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def witnesses_of(texts: list[str] | None) -> list[VerifierKey]:
    """Return witnesses by their keys.

    raises: EcholessError(INVALID_PARAMETERS) for the key of a log, which witnesses nothing
    """
    keys = [VerifierKey.parse(text) for text in texts or ()]
    if not all(key.is_witness for key in keys):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "this is no key of a witness", param="witness")
    return keys


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    raises: EcholessError(INVALID_PARAMETERS) where there is none
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{path} is no JSON object that can be read")
    return found


def read_text(path: Path) -> str:
    """Return the text in a file.

    raises: EcholessError(INVALID_PARAMETERS) where it cannot be read
    """
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        pass
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{path} cannot be read")


def _fetch_over(client: httpx2.Client, base: str) -> Fetch:
    def fetch(path: str) -> bytes | None:
        status, data, reason = 0, bytearray(), ""
        try:
            with client.stream("GET", f"{base}/{path}", headers=_AS_IT_IS) as answer:
                status = answer.status_code
                reason = _read(answer, data) if status == _FOUND else ""
        except (httpx2.HTTPError, httpx2.InvalidURL):
            status = 0
        if status not in {_FOUND, _NOT_FOUND}:
            raise EcholessError(ErrorCode.NOT_FOUND, "the log cannot be reached")
        if reason:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"the server's answer about {path} {reason}")
        return bytes(data) if status == _FOUND else None

    return fetch


def _read(answer: httpx2.Response, data: bytearray) -> str:
    """Read an answer; return what is wrong with it: a server that is not believed may also never end."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return "is compressed, though it was asked not to be"
    end_s = time.monotonic() + _FILE_S
    for part in answer.iter_raw():
        data += part
        if len(data) > _FILE_BYTES_MAX:
            return "is longer than any file of a log"
        if time.monotonic() > end_s:
            return f"was not there after {_FILE_S:.0f} seconds"
    return ""
