"""`echoless verify audit`: whether a report of an audit is the one that the audited vault sealed.

Exit status: 0 where the report holds, whatever its verdict is; 1 where something does not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
) -> None:
    """Check a report: seal, place in the log, and that the verdict is that of its checks. Needs no server."""
    # Loaded late: nothing of an audit is needed by the other commands.
    from echoless.audit.reports.document import read_document
    from echoless.audit.reports.sealing import check_sealed

    document = read_document(_text(file))
    known = _keys(keys) if keys is not None else None
    checked = check_sealed(document, known)
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


def _keys(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(path))
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{path} holds no keys")
