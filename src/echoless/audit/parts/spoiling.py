"""Files that were changed by somebody else: noticed, named, and never a way to content.

Of a server that is stopped one byte is changed in an object, in a row, in a wrapped key, in an archive and in each
file of the transparency log; then it is asked for what lies there.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pyrage

from echoless.audit.client import Answer
from echoless.audit.lab_server import Lab, LabServer, named, until
from echoless.audit.parts.failures import echoes
from echoless.audit.parts.forgetting import KeptItem, back_up, make_kept
from echoless.audit.search.needles import MASK

PROVES: Final = ("C9", "C26")
_GOOD: Final = 200
_LOGGED_WITHIN_S: Final = 20.0
_LOG: Final = "log"
_CHECKPOINT: Final = "checkpoint"
_FLIPPED: Final = 0x01
_KEYS_ROUTE: Final = "/v1/transparency-log/keys"


@dataclass(frozen=True, slots=True)
class _Spoiled:
    """One place that is changed: the files that may have it, and the form of what is changed in them."""

    name: str
    pattern: str
    form: str


_PLACES: Final = (
    _Spoiled("an object", "objects/**/*", "ciphertext"),
    _Spoiled("a row", "vault.sqlite", "sealed row"),
    _Spoiled("a wrapped key", "keys.sqlite", "wrapped key"),
)


def check_spoiling(lab: Lab) -> None:
    """Change a byte in each place and ask; put it back; then the archives and the log."""
    identity, stranger = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    settings = {
        "ECHOLESS_BACKUP_RECIPIENTS": str(identity.to_public()), "ECHOLESS_BACKUP_INTERVAL_HOURS": "0",
    }  # fmt: skip
    with lab.server("spoiling", settings=settings) as server:
        items = [make_kept(server, f"spoiled {place.name}") for place in _PLACES]
        back_up(server)
        keys_path = _saved_keys(server)
        has_log = until((server.data_directory / _LOG / _CHECKPOINT).exists, _LOGGED_WITHIN_S)
        server.watch_new()
        server.stop()
        _check_log(server, keys_path, has_log=has_log)
        _check_archives(server, str(identity), str(stranger))
        for place, item in zip(_PLACES, items, strict=True):
            _spoil(server, place, item)
        server.start()
        for place, item in zip(_PLACES, items, strict=True):
            _check_place(server, place, item)
        server.search("after spoiling", *PROVES)


def flip(path: Path, place: int) -> None:
    """Change one bit of a file where it stands."""
    with path.open("r+b") as file:
        file.seek(place)
        (value,) = file.read(1)
        file.seek(place)
        file.write(bytes([value ^ _FLIPPED]))


# --- what the vault opens ---


def _spoil(server: LabServer, place: _Spoiled, item: KeptItem) -> None:
    """Change the bytes that are an item's in a place; note where they are not to be found."""
    count = 0
    for path in sorted(server.data_directory.glob(place.pattern)):
        if not path.is_file():
            continue
        masked = path.read_bytes().translate(MASK)
        for needle in item.sealed.needles:
            found = masked.find(needle.masked) if needle.kind == place.form else -1
            if found >= 0:
                flip(path, found)
                count += 1
                break
    server.lab.report.check(
        f"control: {place.name} was changed", count > 0, f"{count} files of a stopped server", *PROVES
    )


def _check_place(server: LabServer, place: _Spoiled, item: KeptItem) -> None:
    """Ask for what was changed: an error, no audio of anybody, no word."""
    path = f"/v1/history/{quote(item.sealed.item_id)}"
    answers: list[Answer] = []
    cut_count = 0
    for address in (path, f"{path}/audio"):
        try:
            with server.client() as client:
                answers.append(client.request("GET", address))
        except (OSError, http.client.HTTPException):
            cut_count += 1
    refused = [answer for answer in answers if answer.status != _GOOD]
    is_whole = any(answer.body == item.audio for answer in answers)
    echoed = echoes(refused, server.needles)
    statuses = ", ".join(str(answer.status) for answer in answers)
    server.lab.report.check(
        f"spoiled: {place.name} is noticed", bool(refused or cut_count) and not echoed and not is_whole,
        f"answers: {statuses or 'none'}, {cut_count} cut off" + named(echoed), *PROVES,
    )  # fmt: skip


# --- archives ---


def _check_archives(server: LabServer, identity: str, stranger: str) -> None:
    """Verify a backup that is whole, changed, cut off, and opened by somebody else's key."""
    own, other = (server.lab.place / name for name in ("own-identity", "other-identity"))
    own.write_text(f"{identity}\n", encoding="ascii")
    other.write_text(f"{stranger}\n", encoding="ascii")
    statuses = {"whole": _verified(server, own), "with another's key": _verified(server, other)}
    (archive, *_) = server.folder.glob("data-backups/*.vault.age")
    for name, change in _CHANGES.items():
        with _changed(archive, change):
            statuses[name] = _verified(server, own)
    expected = {name: name != "whole" for name in statuses}
    server.lab.report.check(
        "spoiled: an archive is refused", {name: status != 0 for name, status in statuses.items()} == expected,
        ", ".join(f"{name}: {status}" for name, status in statuses.items()), "C23", "C52",
    )  # fmt: skip


def _verified(server: LabServer, identity_path: Path) -> int:
    return server.command(
        "backup", "verify", "--identity", str(identity_path), "--data", str(server.data_directory)
    )


# --- the log ---


def _saved_keys(server: LabServer) -> Path:
    path = server.lab.place / "log-keys.json"
    with server.client() as client:
        path.write_bytes(client.request("GET", _KEYS_ROUTE).body)
    return path


def _check_log(server: LabServer, keys_path: Path, *, has_log: bool) -> None:
    """Change each file of the log in turn, take it away, and have the log verified from its files alone."""
    log = server.data_directory / _LOG

    def status() -> int:
        return server.command("verify", "log", "--dir", str(log), "--keys", str(keys_path))

    files = log_files(log)
    whole, unseen = status(), []
    changes = {**_CHANGES, "taken away": lambda path: path.unlink()}
    if server.lab.options.is_quick:
        changes = {"changed": _CHANGES["changed"]}
    for path in files:
        for name, change in changes.items():
            with _changed(path, change):
                if status() == 0:
                    unseen.append(f"{path.relative_to(log)} {name}")
    server.lab.report.check(
        "spoiled: the log is refused", has_log and whole == 0 and bool(files) and not unseen,
        f"whole: {whole}; {len(files)} files {', '.join(changes)}" + named(unseen), "C9",
    )  # fmt: skip


def log_files(log: Path) -> list[Path]:
    """Return the files that the log is: its checkpoint, and of each tile that is not full yet the newest.

    source: C2SP tlog-tiles: a partial tile is superseded by every larger one
    """
    published = [path for path in (log / "tile").rglob("*") if path.is_file()]
    newest: dict[Path, Path] = {}
    for path in published:
        is_partial = path.parent.suffix == ".p"
        slot = path.parent if is_partial else path
        if slot not in newest or int(path.name) > int(newest[slot].name):
            newest[slot] = path
    return [log / _CHECKPOINT, *sorted(newest.values())]


def _halved(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


_CHANGES: Final[dict[str, Callable[[Path], None]]] = {
    "changed": lambda path: flip(path, path.stat().st_size // 2),
    "cut off": _halved,
}


@contextlib.contextmanager
def _changed(path: Path, change: Callable[[Path], None]) -> Iterator[None]:
    """Change a file for the length of a block."""
    data = path.read_bytes()
    change(path)
    try:
        yield
    finally:
        path.write_bytes(data)
