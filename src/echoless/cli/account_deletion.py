"""`echoless workspace delete|keep|census`: the end of an account, by the operator's hand."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import (
    Census,
    CertificateView,
    DeleteWorkspace,
    DeletionView,
    FindDeletion,
    GetCertificate,
    KeepWorkspace,
    TakeCensus,
)
from echoless.crossing.query_records import Done
from echoless.supervisor.config import ServerConfig

_PAUSE_S: Final = 0.2
_DONE: Final = "done"
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `workspace list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of workspaces."""
    app.command("delete")(delete_command)
    app.command("keep")(keep_command)
    app.command("census")(census_command)


def delete_command(
    workspace_id: IdArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this nothing happens.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until all is destroyed, and print the certificate.")
    ] = True,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Delete a workspace with everything that is stored of it, at once and for good."""
    if not yes:
        message = f"this destroys everything of workspace {workspace_id} for good; say --yes to do it"
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
    settings = config_of(config=config, data=data)
    deletion = ask(settings, DeleteWorkspace(workspace_id), DeletionView)
    show_note(f"deletion {deletion.deletion_id} of workspace {workspace_id} has begun; it has no way back")
    if not wait:
        return
    await_end(settings, deletion.deletion_id)
    show_note("done; this certificate is all that is left, keep it:")
    show_line(ask(settings, GetCertificate(deletion.deletion_id), CertificateView).certificate)


def await_end(settings: ServerConfig, deletion_id: str) -> None:
    """Return when a deletion is done, however long it takes."""
    while ask(settings, FindDeletion(deletion_id), DeletionView).state != _DONE:
        time.sleep(_PAUSE_S)


def keep_command(workspace_id: IdArgument, config: ConfigOption = None, data: DataOption = None) -> None:
    """Take a deletion back that its owner asked for and that has not begun."""
    ask(config_of(config=config, data=data), KeepWorkspace(workspace_id), Done)
    show_note(f"workspace {workspace_id} stays")


def census_command(workspace_id: IdArgument, config: ConfigOption = None, data: DataOption = None) -> None:
    """Count what every store has of a workspace, also of one that was deleted."""
    found = ask(config_of(config=config, data=data), TakeCensus(workspace_id), Census)
    rows = [(name, count) for name, count in sorted(found.rows.items())]
    rows += [("sum", sum(found.rows.values())), ("rows and objects of nobody", found.orphan_count)]
    show_table(("store", "count"), rows)
