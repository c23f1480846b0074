"""`echoless key`: API keys of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.cli.workspace import named_or_only
from echoless.core.clock import SystemClock
from echoless.crossing.operator_records import (
    KeyList,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
)
from echoless.crossing.query_records import Done, KeyCreated, KeyView
from echoless.retention.decision import RetentionMode

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
    question = OperatorCreateKey(named_or_only(settings, workspace), name, scope or None, retention)
    made = ask(settings, question, KeyCreated)
    show_note(f"key {made.key_id}; the key itself is shown only this once:")
    show_line(made.secret)


def list_command(workspace: WorkspaceOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """List the keys of a workspace, without their secrets."""
    settings = config_of(config=config, data=data)
    listed = ask(settings, OperatorListKeys(named_or_only(settings, workspace)), KeyList)
    now_unix = SystemClock().unix_ms() // 1000
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
                state_of(view, now_unix),
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


def state_of(view: KeyView, now_unix: int) -> str:
    """Say in a word whether a key can be used."""
    if view.is_disabled:
        return "disabled"
    return "expired" if view.expires_unix is not None and view.expires_unix <= now_unix else "in use"
