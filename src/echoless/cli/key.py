"""`echoless key`: API keys of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.cli.workspace import named_or_only
from echoless.core.clock import SystemClock
from echoless.crossing.operator_policy_records import OperatorEditKey
from echoless.crossing.operator_records import (
    KeyList,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
)
from echoless.crossing.query_records import Done, EditKey, KeyCreated, KeyView
from echoless.retention.decision import RetentionMode

_DAY_S = 86_400
WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", help="Its id; needed where there are several.", metavar="ID")
]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("create")(create_command)
    app.command("list")(list_command)
    app.command("set")(set_command)
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
    characters: Annotated[
        int | None, typer.Option(min=0, max=2**53, help="Characters a month; those of its workspace unless told.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Its life; for ever unless told.")] = None,
    allowed_ip: Annotated[
        list[str] | None,
        typer.Option(help="Address or network (CIDR) it may be used from, as often as needed; any unless told."),
    ] = None,
    tts_concurrency: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Requests at once that speak; no limit unless told."),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make an API key, which is printed this once."""
    settings = config_of(config=config, data=data)
    question = OperatorCreateKey(
        named_or_only(settings, workspace), name, scope or None, retention, character_limit=characters,
        expires_unix=None if days is None else SystemClock().unix_ms() // 1000 + days * _DAY_S,
        allowed_networks=allowed_ip or None,
        concurrency_limits={} if tts_concurrency is None else {"speech": tts_concurrency},
    )  # fmt: skip
    made = ask(settings, question, KeyCreated)
    show_note(f"key {made.key_id}; the key itself is shown only this once:")
    show_line(made.secret)


def set_command(
    key_id: Annotated[str, typer.Argument(help="As `key list` shows it.")],
    *,
    retention: Annotated[
        RetentionMode | None, typer.Option(help="zero makes every request of this key a zero-retention one.")
    ] = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it may be used.")] = None,
    characters: Annotated[int | None, typer.Option(min=0, max=2**53, help="Characters a month.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Its life from now on.")] = None,
    allowed_ip: Annotated[list[str] | None, typer.Option(help="Where it may be used from.")] = None,
    any_ip: Annotated[bool, typer.Option("--any-ip", help="It may be used from anywhere.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change an API key; what is not told stays as it is."""
    change = EditKey(
        "", key_id, is_enabled=enabled, retention=retention, character_limit=characters,
        expires_unix=None if days is None else SystemClock().unix_ms() // 1000 + days * _DAY_S,
        allowed_networks=allowed_ip or None, clears_allowed_networks=any_ip,
    )  # fmt: skip
    ask(config_of(config=config, data=data), OperatorEditKey(change), KeyView)
    show_note(f"key {key_id} is changed")


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
    if view.has_ended:
        return "expired"
    return "expired" if view.expires_unix is not None and view.expires_unix <= now_unix else "in use"
