"""`echoless capsule keygen | open`: the customer's side of debug capsules. Neither needs a server.

The secret half stays with whoever may read diagnoses; the server is told the public one only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from echoless.cli.screen import show_line, show_note
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.capsule import BEGIN, CAPSULE_BYTES_MAX, open_capsule

_READ_BYTES_MAX: Final = 2 * CAPSULE_BYTES_MAX
_MEMBER: Final = "capsule"


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("keygen")(keygen_command)
    app.command("open")(open_command)
    return app


def keygen_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the secret half goes; must not exist.")],
) -> None:
    """Make the key that opens capsules. Keep the file; give its public half to the workspace."""
    from echoless.cli.identity_files import make_identity

    show_line(make_identity(out, ErrorCode.INVALID_PARAMETERS))
    show_note(
        "set this with 'echoless workspace capsule-key' or as capsule_key of the workspace's policy. "
        f"{out} opens every capsule: keep it, and not on the server"
    )


def open_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A capsule, or the error it came in; - for input.")],
    identity: Annotated[Path, typer.Option("--identity", metavar="FILE", help="The secret half of the key.")],
) -> None:
    """Show the diagnosis in a capsule, as JSON. It holds what was said: mind where it goes."""
    from echoless.vault.backups.age_keys import identities_in

    capsule = _capsule_in(_read(file))
    diagnosis = json.loads(open_capsule(capsule, identities_in(identity)))
    # Text of a request may hold what steers a terminal: here it is escaped.
    show_line(json.dumps(diagnosis, indent=2))


def _read(file: Path) -> str:
    """Return what a file or the standard input holds.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    try:
        if str(file) == "-":
            return sys.stdin.read(_READ_BYTES_MAX)
        with file.open("r", encoding="utf-8") as source:
            return source.read(_READ_BYTES_MAX)
    except (OSError, UnicodeDecodeError):
        pass
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, "the file cannot be read")


def _capsule_in(text: str) -> str:
    """Return the capsule: the text itself, or that of an error's body or frame.

    raises: EcholessError(INVALID_PARAMETERS) where there is none
    """
    if text.lstrip().startswith(BEGIN):
        return text
    try:
        body: Any = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict):
        detail = body.get("detail")
        found = (detail if isinstance(detail, dict) else body).get(_MEMBER)
        if isinstance(found, str):
            return found
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, "there is no capsule in this file")
