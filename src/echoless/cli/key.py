"""`echoless key`: API keys of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import (
    KeyList,
    ListWorkspaces,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
    WorkspaceList,
)
from echoless.crossing.query_records import Done, KeyCreated
from echoless.retention.decision import RetentionMode
from echoless.supervisor.config import ServerConfig

WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", help="Its id; needed where there are several.", metavar="ID")
]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("create")(create_command)
    app.command("list")(list_command)
    app.command("revoke")(revoke_command)
    return app


def create_command(
    name: Annotated[str, typer.Argument(help="What people call it.")] = "key",
    *,
    workspace: WorkspaceOption = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="What the key may do, as often as needed; everything unless told.")
    ] = None,
    retention: Annotated[
        RetentionMode, typer.Option(help="zero makes every request of this key a zero-retention one.")
    ] = RetentionMode.DEFAULT,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an API key, which is printed this once."""
    settings = config_of(config=config, data=data)
    question = OperatorCreateKey(workspace_or_only(settings, workspace), name, scope or None, retention)
    made = ask(settings, question, KeyCreated)
    show_note(f"key {made.key_id}; the key itself is shown only this once:")
    show_line(made.secret)


def list_command(workspace: WorkspaceOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """List the keys of a workspace, without their secrets."""
    settings = config_of(config=config, data=data)
    listed = ask(settings, OperatorListKeys(workspace_or_only(settings, workspace)), KeyList)
    show_table(
        ("id", "name", "ends in", "may do", "retention", "created (UTC)", "state"),
        [
            (
                view.key_id,
                view.name,
                view.hint,
                "everything" if view.scopes is None else ", ".join(view.scopes),
                view.retention.value,
                day_of(view.created_unix),
                "disabled" if view.is_disabled else "in use",
            )
            for view in listed.keys
        ],
    )


def revoke_command(
    key_id: Annotated[str, typer.Argument(help="As `key list` shows it.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Delete an API key; requests that are running end as they would."""
    ask(config_of(config=config, data=data), OperatorRevokeKey(key_id), Done)
    show_note(f"key {key_id} is revoked")


def workspace_or_only(settings: ServerConfig, workspace: str | None) -> str:
    """Return the workspace that was named, or the only one that there is.

    raises: EcholessError(INVALID_PARAMETERS) where none was named and there are several
    """
    if workspace is not None:
        return workspace
    listed = ask(settings, ListWorkspaces(), WorkspaceList).workspaces
    if len(listed) != 1:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, f"there are {len(listed)} workspaces: say which with --workspace"
        )
    return listed[0].workspace_id
