"""`echoless verify audit`: whether a report of an audit is the one that the audited vault sealed.

Exit status: 0 where the report holds, whatever its verdict is; 1 where something does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from echoless.cli.known_keys import (
    FollowFolderOption,
    FollowUrlOption,
    SaveKeysOption,
    demand_keys,
    known_keys,
)
from echoless.cli.screen import show_line, show_note, show_table
from echoless.core.errors import EcholessError, ErrorCode


def add_commands(app: typer.Typer) -> None:
    """Add the command to `echoless verify`."""
    app.command("audit")(audit_command)


def audit_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report that `echoless audit --json` wrote.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", metavar="FILE", help="The answer of GET /v1/transparency-log/keys; else those in the report."
        ),
    ] = None,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check a report: seal, place in the log, and that the verdict is that of its checks. Needs no server."""
    # Loaded late: nothing of an audit is needed by the other commands.
    from echoless.audit.reports.document import read_document
    from echoless.audit.reports.sealing import check_sealed, keys_in_seal

    demand_keys(keys, url, folder, save_keys)
    document = read_document(_text(file))
    if keys is None:
        checked = check_sealed(document, None)
    else:
        # A report that was sealed after a turn has the handover with it.
        with known_keys(keys, url, folder, save_keys, keys_in_seal(document)) as known:
            checked = check_sealed(document, known.keys)
    statement = checked.audit.statement.statement()
    show_table(("what", "says"), [(name, str(value)) for name, value in statement.items()])
    where = f"entry {checked.audit.index} of {checked.audit.checkpoint.size}"
    show_line(f"The report holds, and the log of {checked.audit.checkpoint.origin} has it as {where}.")
    if not checked.is_from_elsewhere:
        show_note("checked with the keys in the file itself: it is whole, but whose it is they cannot show")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{path} cannot be read")
