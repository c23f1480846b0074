"""`echoless workspace`: who may use the server, and which of them are entitled to zero retention."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import (
    CreateWorkspace,
    ListWorkspaces,
    WorkspaceCreated,
    WorkspaceList,
    WorkspaceView,
)


class Tier(StrEnum):
    """The plans of the wire contract; only the last may have zero retention."""

    FREE = "free"
    STARTER = "starter"
    CREATOR = "creator"
    PRO = "pro"
    SCALE = "scale"
    BUSINESS = "business"
    ENTERPRISE = "enterprise"


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("create")(create_command)
    app.command("list")(list_command)
    app.command("show")(show_command)
    return app


def create_command(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    tier: Annotated[Tier, typer.Option(help="Its plan.")],
    entitled: Annotated[
        bool | None,
        typer.Option(
            "--entitled/--not-entitled", help="To zero retention; every enterprise workspace unless told."
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a workspace with a first API key, which is printed this once."""
    is_enterprise = tier is Tier.ENTERPRISE
    if entitled and not is_enterprise:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "only an enterprise workspace can be entitled")
    question = CreateWorkspace(name, tier.value, is_enterprise if entitled is None else entitled)
    made = ask(config_of(config=config, data=data), question, WorkspaceCreated)
    show_note(f"workspace {made.workspace_id}, key {made.key_id}; the key itself is shown only this once:")
    show_line(made.secret)


def list_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """List all workspaces."""
    listed = ask(config_of(config=config, data=data), ListWorkspaces(), WorkspaceList)
    show_table(
        ("id", "name", "tier", "zero retention", "keys", "history items", "characters"),
        [
            (view.workspace_id, view.name, view.tier, standing_of(view), view.key_count, view.history_item_count,
             view.character_count)
            for view in listed.workspaces
        ],
    )  # fmt: skip


def show_command(
    workspace_id: Annotated[str, typer.Argument(help="As `workspace list` shows it.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show one workspace."""
    listed = ask(config_of(config=config, data=data), ListWorkspaces(), WorkspaceList)
    found = [view for view in listed.workspaces if view.workspace_id == workspace_id]
    if not found:
        raise EcholessError(ErrorCode.NOT_FOUND, "no workspace has this id; `echoless workspace list` shows all")
    view = found[0]
    rows = [
        ("id", view.workspace_id),
        ("name", view.name),
        ("tier", view.tier),
        ("zero retention", standing_of(view)),
        ("created", f"{day_of(view.created_unix)} UTC"),
        ("keys", view.key_count),
        ("history items", view.history_item_count),
        ("characters this period", view.character_count),
    ]
    show_table(("what", "value"), rows)


def standing_of(view: WorkspaceView) -> str:
    """Say in a word where the workspace stands with zero retention."""
    if view.is_restricted:
        return "restricted"
    if not view.is_entitled:
        return "not entitled"
    return "enforced" if view.is_enforced else "entitled"
