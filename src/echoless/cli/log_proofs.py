"""`echoless proof inclusion | consistency | mirror`: what anybody can take out of a log, to check it elsewhere.

Proofs are made of the log's files here, so a mirror serves as well as the server. What is written down has been
checked already.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from echoless.cli.known_keys import KEYS_FILE, KnownKeys, SaveKeysOption
from echoless.cli.log_files import (
    FolderOption,
    KeysOption,
    UrlOption,
    WitnessOption,
    fetch_from,
    log_files,
    newest_note,
    put_durably,
    read_text,
    witnesses_of,
)
from echoless.cli.progress import progress_bars
from echoless.cli.screen import show_line, show_table
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.growing import HashReader, read_entries
from echoless.receipts.merkle import consistency_proof, inclusion_proof
from echoless.receipts.mirroring import Copied, copy_log
from echoless.receipts.placement import check_consistency
from echoless.receipts.tiles import TILE_WIDTH
from echoless.receipts.tlog_proof import TlogProof

_FAULTY: Final = 1
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there, not on the screen.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `echoless proof`."""
    app.command("inclusion")(inclusion_command)
    app.command("consistency")(consistency_command)
    app.command("mirror")(mirror_command)


def inclusion_command(
    index: Annotated[int, typer.Argument(metavar="INDEX", min=0, help="Of the entry; the first is 0.")],
    keys: KeysOption,
    url: UrlOption = None,
    folder: FolderOption = None,
    out: OutOption = None,
    *,
    save_keys: SaveKeysOption = None,
) -> None:
    """Make a proof that the log has an entry, with the entry itself, in the form of C2SP tlog-proof."""
    known = KnownKeys(keys)
    with log_files(url, folder) as fetch:
        known.follow_from(fetch)
        note = newest_note(fetch)
        known.demand(note, fetch)
        size = known.log_keys.open(note).size
        parts = inclusion_proof(index, size, HashReader(size, fetch).hash_at)
        entry = read_entries(index // TILE_WIDTH, size, fetch)[index % TILE_WIDTH]
    proof = TlogProof(index, tuple(parts), note, entry)
    proof.check(entry, known.log_keys)
    _give(proof.text, out)
    known.save(save_keys)


def consistency_command(
    since: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint that was saved earlier.")],
    keys: KeysOption,
    url: UrlOption = None,
    folder: FolderOption = None,
    out: OutOption = None,
    *,
    save_keys: SaveKeysOption = None,
) -> None:
    """Make a proof that the log only grew since a checkpoint."""
    known, older = KnownKeys(keys), read_text(since)
    with log_files(url, folder) as fetch:
        known.follow_from(fetch)
        newer = newest_note(fetch)
        known.demand(newer, fetch)
        seen, size = known.log_keys.open(older), known.log_keys.open(newer).size
        parts = consistency_proof(seen.size, size, HashReader(size, fetch).hash_at)
    proof = [base64.b64encode(part).decode("ascii") for part in parts]
    check_consistency(older, newer, proof, known.log_keys)
    _give(json.dumps({"older": older, "newer": newer, "proof": proof}, indent=2) + "\n", out)
    known.save(save_keys)


def mirror_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the copy is, or is to be made.")],
    keys: KeysOption,
    url: UrlOption = None,
    folder: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="Another copy, in the place of a server.")
    ] = None,
    witness: WitnessOption = None,
) -> None:
    """Copy a log and prove it by the way, going on from what is there; exit 1 and keep the copy as it was where the
    log does not hold. Any web server can serve the copy.
    """
    known, witnesses, own = KnownKeys(keys), witnesses_of(witness), fetch_from(directory)
    with _alone_in(directory), log_files(url, folder) as fetch, progress_bars() as bars:
        # The copy remembers the turns that it followed, for itself and for whoever follows it.
        known.follow_from(own, is_news=False)
        known.follow_from(fetch)
        note = newest_note(fetch)
        fault = known.fault_in(note, fetch)
        if fault is None and own(KEYS_FILE) != known.text.encode("utf-8"):
            known.save(directory / KEYS_FILE)
        copied = Copied(None, 0, (fault,)) if fault is not None else copy_log(
            note, fetch, known.log_keys, own,
            lambda path, data: put_durably(directory, path, data), witnesses=witnesses,
            progress=lambda fraction: bars.step("entries", fraction),
        )  # fmt: skip
        for path in copied.finished:
            shutil.rmtree(directory / path, ignore_errors=True)
    _show(copied)


def _show(copied: Copied) -> None:
    if copied.faults:
        show_table(("fault", "where"), [(fault.value, place) for fault, place in copied.faults])
        show_line("The log does NOT hold; the copy stays as it was.")
        raise typer.Exit(_FAULTY)
    assert copied.checkpoint is not None, "a copy without faults has a checkpoint"
    show_line(
        f"The copy of {copied.checkpoint.origin} holds: {copied.checkpoint.size} entries, {copied.new_count} of "
        "them new."
    )


def _give(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    put_durably(out.absolute().parent, out.name, text.encode("utf-8"))
    show_line(f"Written to {out}.")


@contextlib.contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Keep a second copying out of a folder; the kernel lets go when this process ends."""
    descriptor = _opened(directory)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_free = False
        else:
            is_free = True
        if not is_free:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"somebody else is writing to {directory}")
        yield
    finally:
        os.close(descriptor)


def _opened(directory: Path) -> int:
    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{directory} is no folder that can be made or read")
