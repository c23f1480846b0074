"""`echoless verify receipt`: what anybody can check of a request with the public keys alone.

Exit status: 0 where everything holds; 1 where a log does not, or where the key has ended and nothing says that the
receipt was there before; 2 where a file is not what it says it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from echoless.cli import log_checks
from echoless.cli.known_keys import FollowFolderOption, FollowUrlOption, SaveKeysOption, known_keys
from echoless.cli.log_files import KeysOption, read_text
from echoless.cli.screen import show_line, show_table
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.proof import check_receipt

_UNPROVED: Final = 1


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `echoless verify`."""
    app.command("receipt")(receipt_command)
    log_checks.add_commands(app)


def receipt_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, or the server's answer with one.")],
    keys: KeysOption,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check a receipt and show what it states; its place in the log too, where the file has it. Needs no server."""
    text = read_text(file).strip()
    answer = _object(text) if text.startswith("{") else {"receipt": text}
    with known_keys(keys, url, folder, save_keys) as known:
        checked = check_receipt(answer, known.keys)
    statement = checked.receipt.statement()
    walls = statement.pop("confinement")
    processes = walls.pop("processes")
    key = walls.pop("signing_key", {})
    said = statement | walls | {f"signing_key_{name}": value for name, value in key.items()}
    show_table(("what", "says"), [(name, _word(value)) for name, value in said.items()])
    show_table(
        ("process", "filter", "no new privileges", "KiB in swap", "says of itself"),
        [_wall_row(process) for process in processes],
    )
    show_line("The signature holds.")
    if checked.checkpoint is None:
        show_line("The file does not say where the log has it.")
        if checked.has_ended_key:
            show_line("Its key has ended: only its place in the log shows that it was not signed afterwards.")
            raise typer.Exit(_UNPROVED)
    else:
        show_line(f"The log has it as entry {checked.index} of {checked.checkpoint.size}.")


def _wall_row(process: dict[str, Any]) -> tuple[str, ...]:
    said = ", ".join(f"{name}: {'yes' if is_true else 'no'}" for name, is_true in process["self_reported"].items())
    seen = ("seccomp_mode", "has_no_new_privs", "swap_kib")
    return (
        process["role"],
        *("not seen" if process[name] is None else _word(process[name]) for name in seen),
        said,
    )


def _word(value: object) -> str:
    if value is None:
        return "not said"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "a file is no JSON object")
    return found
