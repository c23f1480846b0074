"""`echoless witness keygen | sign`: somebody else who has seen the log, and whose signature says so.

A witness keeps the newest state that it signed of each log. It signs another one only where that goes on from it,
and writes down what it signs before anybody gets it. A forked state is kept beside it: two states that one log
signed and that do not fit together are the proof that it lied.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from echoless.cli.known_keys import KEYS_FILE, KnownKeys
from echoless.cli.log_files import (
    FolderOption,
    KeysOption,
    UrlOption,
    log_files,
    newest_note,
    put_durably,
    read_object,
    read_text,
)
from echoless.cli.screen import show_line, show_note
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint
from echoless.receipts.growing import Fetch
from echoless.receipts.log_check import LogFault
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import SEED_BYTES
from echoless.receipts.witnessing import Judgement, WitnessKey, judge

_FAULTY: Final = 1


def build_app() -> typer.Typer:
    """Return the group of commands for witnesses."""
    app = typer.Typer(no_args_is_help=True)
    app.command("keygen")(keygen_command)
    app.command("sign")(sign_command)
    return app


def keygen_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example witness.example/w1.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the private key goes.")],
) -> None:
    """Make a key for a witness and print its public half."""
    key = WitnessKey(name, secrets.token_bytes(SEED_BYTES))
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.secret_text() + "\n")
            os.fsync(file.fileno())
        show_line(key.verifier.text)
        return
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"cannot write {out}: {reason}")


def sign_command(
    *,
    keys: KeysOption,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The witness's private key.")],
    state: Annotated[Path, typer.Option("--state", metavar="DIR", help="Where the witness keeps what it signed.")],
    url: UrlOption = None,
    folder: FolderOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, unless it is refused.")
    ] = None,
) -> None:
    """Sign the newest state of a log if it goes on from what was signed before; else exit 1 and say why."""
    known, witness = KnownKeys(keys), WitnessKey.parse(read_text(key))
    with _held(state), log_files(url, folder) as fetch:
        place = state / _file_name(known.log_keys)
        kept_keys = place.with_name(f"{place.name}.{KEYS_FILE}")
        _recall(known, kept_keys)
        known.follow_from(fetch)
        note = newest_note(fetch)
        judged = _judged(note, known, _seen(place, known.log_keys, witness), fetch)
        if judged.fault is not None:
            if judged.fault is LogFault.FORK:
                _keep_evidence(place, note, known)
            show_note(f"NOT signed: {judged.fault.value}: {judged.place}")
            raise typer.Exit(_FAULTY)
        if known.turns:
            known.save(kept_keys)
        signed = witness.sign(note, known.log_keys, int(time.time()))
        # Before anybody gets it: a witness that forgets could be shown another tree.
        put_durably(state, place.name, signed.encode("utf-8"))
    if out is None:
        typer.echo(signed, nl=False)
    else:
        put_durably(out.absolute().parent, out.name, signed.encode("utf-8"))


def _recall(known: KnownKeys, kept: Path) -> None:
    """Follow the turns that were followed before: they prove themselves, so nobody can make the witness forget one
    that its own state was signed under, nor put in another.
    """
    if kept.exists():
        known.follow(read_object(kept), is_news=False)


def _judged(note: str, known: KnownKeys, seen: Checkpoint | None, fetch: Fetch) -> Judgement:
    fault = known.fault_in(note, fetch)
    return judge(note, known.log_keys, seen, fetch) if fault is None else Judgement(None, *fault)


def _seen(place: Path, keys: LogKeys, witness: WitnessKey) -> Checkpoint | None:
    """Return what this witness signed last; a state that it did not sign is not its own and stops it."""
    if not place.exists():
        show_note("this log was never seen before; its state is believed")
        return None
    return keys.open(read_text(place), [witness.verifier])


def _keep_evidence(place: Path, note: str, known: KnownKeys) -> None:
    digest = hashlib.sha256(note.encode("utf-8")).hexdigest()[:16]
    kept = place.with_name(f"{place.name}.refused-{digest}")
    put_durably(kept.parent, kept.name, note.encode("utf-8"))
    other = place
    if known.turns:
        # The state at the end of a key, which the log signed too, is in the handover.
        other = kept.with_name(f"{kept.name}.{KEYS_FILE}")
        known.save(other)
    show_note(f"both states are signed by the log and do not fit together: {other} and {kept}")


def _file_name(keys: LogKeys) -> str:
    return hashlib.sha256(keys.current.name.encode("utf-8")).hexdigest()


@contextlib.contextmanager
def _held(state: Path) -> Iterator[None]:
    """Let one process at a time use a witness's state: two could each sign another tree."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
