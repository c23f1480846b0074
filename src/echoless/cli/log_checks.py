"""`echoless verify log | inclusion | consistency | changes | keys`: what anybody can check of the transparency log.

None of it trusts a server: the keys that were saved once are all that is believed.
Exit status: 0 where everything holds, 1 where something does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from echoless.cli.known_keys import (
    FollowFolderOption,
    FollowUrlOption,
    KnownKeys,
    SaveKeysOption,
    known_keys,
)
from echoless.cli.log_files import (
    FolderOption,
    KeysOption,
    UrlOption,
    WitnessOption,
    log_files,
    newest_note,
    put_durably,
    read_object,
    read_text,
    witnesses_of,
)
from echoless.cli.progress import progress_bars
from echoless.cli.screen import day_of, harmless, show_line, show_table
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.changes import PolicyStatement, parse_statement
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.entries import EntryKind
from echoless.receipts.log_check import LogReport, check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.placement import check_consistency, check_place
from echoless.receipts.tlog_proof import parse_proof

_FAULTY: Final = 1


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `echoless verify`."""
    app.command("log")(log_command)
    app.command("inclusion")(inclusion_command)
    app.command("consistency")(consistency_command)
    app.command("changes")(changes_command)
    app.command("keys")(keys_command)


def log_command(
    *,
    keys: KeysOption,
    url: UrlOption = None,
    folder: FolderOption = None,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint saved earlier: the log must begin with it.")
    ] = None,
    new_only: Annotated[
        bool, typer.Option("--new-only", help="Read only entries that came after --since.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the checkpoint for the next time, if all is well.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The state to check, as witnesses signed it.")
    ] = None,
    witness: WitnessOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check the log: every entry, every tile, the root, the signatures, and that it only grew."""
    if new_only and since is None:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "--new-only needs --since", param="since")
    known, witnesses = KnownKeys(keys), witnesses_of(witness)
    with log_files(url, folder) as fetch, progress_bars() as bars:
        known.follow_from(fetch)
        note = newest_note(fetch) if checkpoint is None else read_text(checkpoint)
        seen = known.log_keys.open(read_text(since)) if since is not None else None
        fault = known.fault_in(note, fetch)
        report = LogReport(None, 0, (fault,)) if fault is not None else check_log(
            note, fetch, known.log_keys, witnesses=witnesses, seen=seen, is_whole=not new_only,
            progress=lambda fraction: bars.step("entries", fraction),
        )  # fmt: skip
    _show_log(report, seen)
    if not report.is_sound:
        raise typer.Exit(_FAULTY)
    known.save(save_keys)
    if save is not None:
        put_durably(save.absolute().parent, save.name, note.encode("utf-8"))


def inclusion_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `echoless proof inclusion` made.")],
    keys: KeysOption,
    entry: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The entry, byte for byte; else the one in the proof.")
    ] = None,
    witness: WitnessOption = None,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check that the log has an entry, and show the entry. Needs no server."""
    proof = parse_proof(read_text(file))
    what = proof.extra if entry is None else entry.read_bytes()
    with known_keys(keys, url, folder, save_keys) as known:
        checkpoint = proof.check(what, known.log_keys, witnesses_of(witness))
    show_line(harmless(what.decode("utf-8", "backslashreplace")))
    show_line(f"{checkpoint.origin} has it as entry {proof.index} of {checkpoint.size}.")


def consistency_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `echoless proof consistency` made.")],
    keys: KeysOption,
    witness: WitnessOption = None,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check that of two states of the log one is the beginning of the other. Needs no server."""
    found = read_object(file)
    with known_keys(keys, url, folder, save_keys) as known:
        first, second = check_consistency(
            str(found.get("older", "")), str(found.get("newer", "")), found.get("proof"), known.log_keys,
            witnesses_of(witness),
        )  # fmt: skip
    show_line(f"The {first.size} entries of {first.origin} are the beginning of its {second.size}.")


def changes_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The answer of GET /v1/workspace/zero-retention/changes.")
    ],
    keys: KeysOption,
    witness: WitnessOption = None,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check that the log has each change of policy of an answer, and show them. Needs no server."""
    found, witnesses = read_object(file).get("changes"), witnesses_of(witness)
    with known_keys(keys, url, folder, save_keys) as known:
        changes = found if isinstance(found, list) else [found]
        rows = [_change_row(file, each, known.log_keys, witnesses) for each in changes]
    show_table(("when", "who", "act", "on", "what changed", "in the log"), rows)


def keys_command(
    new: Annotated[
        Path | None, typer.Argument(metavar="NEW", help="A newer answer, from anybody; else name --url or --dir.")
    ] = None,
    *,
    keys: KeysOption,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Follow keys that turned since they were saved, and show each turn. With NEW it needs no server."""
    known = KnownKeys(keys)
    if new is None:
        with log_files(url, folder) as fetch:
            known.follow_from(fetch)
            known.demand(newest_note(fetch), fetch)
    elif url is None and folder is None:
        known.follow(read_object(new))
    else:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "name one of NEW, --url and --dir", param="url")
    if known.breaks:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, known.breaks)
    rows = [(turn.role, turn.ended, turn.begun, turn.entry, turn.checkpoint.size) for turn in known.turns]
    show_table(("signs", "key that ended", "key that follows", "entry", "in a state of"), rows)
    show_line(f"The keys of {known.log_keys.current.name} hold: {len(rows)} turned since {keys} was saved.")
    known.save(save_keys)


def _change_row(file: Path, change: object, log_keys: LogKeys, witnesses: Sequence[VerifierKey]) -> tuple[str, ...]:
    if not isinstance(change, dict):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{file} is no answer with changes")
    text = str(change.get("statement", ""))
    statement = parse_statement(text)
    if change.get("inclusion") is None:
        return (*_told(statement), "not in the log yet")
    place = check_place(EntryKind.POLICY, text, change, log_keys, witnesses)
    return (*_told(statement), f"entry {place.index} of {place.checkpoint.size}")


def _told(statement: PolicyStatement) -> tuple[str, ...]:
    changed = ", ".join(f"{name}: {_word(old)} -> {_word(new)}" for name, (old, new) in statement.changed.items())
    who = statement.actor.value
    return day_of(statement.minute_unix), who, statement.activity, statement.subject_id, changed


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in {None, ""} else str(value)


def _show_log(report: LogReport, seen: Checkpoint | None) -> None:
    if report.faults:
        show_table(("fault", "where"), [(fault.value, place) for fault, place in report.faults])
        show_line("The log does NOT hold.")
        return
    assert report.checkpoint is not None, "a log without faults has a checkpoint"
    show_line(f"The log of {report.checkpoint.origin} holds: {report.checkpoint.size} entries.")
    if seen is not None:
        show_line(f"Its first {seen.size} entries are those that were seen.")
        if report.entry_count < report.checkpoint.size:
            show_line(f"Read were the {report.entry_count} that came after them.")
