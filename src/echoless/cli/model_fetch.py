"""Fetching one file over HTTP: bounded, continued where it broke off, never more than was announced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx2

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import ModelFile

TRIES_MAX: Final = 4
_TIMEOUTS: Final = httpx2.Timeout(30.0, connect=15.0)
_WHOLE, _PART, _NOT_SATISFIABLE = 200, 206, 416


def fetch(file: ModelFile, place: Path, *, mirror: str, report: Callable[[float], None]) -> None:
    """Fetch a file, from where an earlier try broke off.

    place:  where it goes; what is there already is taken for its beginning, which the hash has to confirm
    report: is told the fraction
    raises: EcholessError(CONFIGURATION) when it cannot be had; what arrived stays for the next try, unless it is
            more than it may be
    """
    address = mirrored(file.address, mirror)
    with httpx2.Client(timeout=_TIMEOUTS, follow_redirects=True) as client:
        for _ in range(TRIES_MAX):
            if _has_all(file, place):
                report(1.0)
                return
            before = _size(place)
            reason = _try(client, address, file, place, report)
            if reason and _size(place) == before:
                # Nothing came: another try now would not change that.
                break
    if not _has_all(file, place):
        raise _refuse(f"{file.path}: {reason or 'the connection broke off'}; install again to go on from there")


def mirrored(address: str, mirror: str) -> str:
    """Return an address at a mirror: its scheme and host, below its path if it has one.

    raises: EcholessError(CONFIGURATION) for a mirror that is no address
    """
    if not mirror:
        return address
    ours, theirs = urlsplit(address), urlsplit(mirror)
    if theirs.scheme not in ("http", "https") or not theirs.netloc or theirs.query or theirs.fragment:
        raise _refuse("a mirror is an address such as https://mirror.example/models")
    return urlunsplit((theirs.scheme, theirs.netloc, theirs.path.rstrip("/") + ours.path, ours.query, ""))


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text)


def _wrong_size(file: ModelFile, place: Path) -> EcholessError:
    place.unlink(missing_ok=True)
    return _refuse(f"{file.path}: the server has not the {file.size_bytes} bytes that the catalogue says")


def _size(place: Path) -> int:
    return place.stat().st_size if place.exists() else 0


def _tag_place(place: Path) -> Path:
    return place.with_name(place.name + ".tag")


def _has_all(file: ModelFile, place: Path) -> bool:
    return _size(place) == file.size_bytes


def _try(client: httpx2.Client, address: str, file: ModelFile, place: Path, report: Callable[[float], None]) -> str:
    """Fetch as much as comes; return what went wrong, empty for nothing."""
    have = _size(place)
    if have > file.size_bytes:
        place.unlink()
        have = 0
    reason = ""
    try:
        with client.stream("GET", address, headers=_headers(place, have)) as answer:
            if answer.status_code == _NOT_SATISFIABLE:
                raise _wrong_size(file, place)
            if answer.status_code not in (_WHOLE, _PART):
                return f"the server answered {answer.status_code}"
            _take(answer, file, place, have, report)
    except httpx2.TransportError as error:
        reason = type(error).__name__
    return reason


def _headers(place: Path, have: int) -> dict[str, str]:
    # A compressed answer would have other bytes and another length.
    headers = {"accept-encoding": "identity"}
    if have:
        headers["range"] = f"bytes={have}-"
        tag = _tag_place(place)
        if tag.exists():
            headers["if-range"] = tag.read_text(encoding="ascii")
    return headers


def _take(
    answer: httpx2.Response, file: ModelFile, place: Path, have: int, report: Callable[[float], None]
) -> None:
    is_rest = answer.status_code == _PART and answer.headers.get("content-range", "").startswith(f"bytes {have}-")
    if answer.status_code == _PART and not is_rest:
        raise _refuse(f"{file.path}: the server sent another part than the one that was asked for")
    done = have if is_rest else 0
    _keep_tag(place, answer.headers.get("etag", ""))
    with place.open("ab" if is_rest else "wb") as stream:
        # As they arrive: what were gathered first would be lost when the connection breaks off.
        for chunk in answer.iter_raw():
            done += len(chunk)
            if done > file.size_bytes:
                break
            stream.write(chunk)
            report(done / file.size_bytes)
    # What ended as the server announced it and is too short is another file; what broke off may go on.
    is_announced = "content-length" in answer.headers
    if done > file.size_bytes or (is_announced and done < file.size_bytes):
        raise _wrong_size(file, place)


def _keep_tag(place: Path, tag: str) -> None:
    """Remember which version the bytes are of; a weak tag says nothing of bytes."""
    if tag.startswith('"') and tag.isascii():
        _tag_place(place).write_text(tag, encoding="ascii")
    else:
        _tag_place(place).unlink(missing_ok=True)
