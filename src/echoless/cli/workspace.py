"""`echoless workspace`: who may use the server, and which of them are entitled to zero retention."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from echoless.cli import account_deletion
from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import (
    CreateWorkspace,
    ListWorkspaces,
    SetConcurrency,
    SetRestriction,
    WorkspaceCreated,
    WorkspaceList,
    WorkspaceView,
)
from echoless.crossing.query_records import Done
from echoless.supervisor.config import ServerConfig

WorkspaceArgument = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="As `workspace list` shows it; needed where there are several."),
]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Generations at once; concurrent_requests_max of the server unless told."),
]


class Reason(StrEnum):
    """Why an operator takes zero retention away, in the words of the wire contract."""

    HIGH_RISK = "high_risk"
    FLAGGED = "flagged"
    DISCRETION = "discretion"


def _reason_of(text: str) -> Reason:
    """Return a reason, spelled with - or _."""
    word = text.replace("-", "_")
    if word not in set(Reason):
        raise typer.BadParameter(f"give one of {', '.join(reason.value.replace('_', '-') for reason in Reason)}")
    return Reason(word)


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
    app.command("set")(set_command)
    app.command("restrict")(restrict_command)
    app.command("lift")(lift_command)
    account_deletion.register(app)
    return app


def create_command(
    name: Annotated[str, typer.Argument(help="What people call it.")],
    *,
    tier: Annotated[Tier, typer.Option(help="Its plan.")],
    entitled: Annotated[
        bool | None,
        typer.Option(
            "--entitled/--not-entitled", help="To zero retention; every enterprise workspace unless told."
        ),
    ] = None,
    concurrency: ConcurrencyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a workspace with a first API key, which is printed this once."""
    is_enterprise = tier is Tier.ENTERPRISE
    if entitled and not is_enterprise:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "only an enterprise workspace can be entitled")
    question = CreateWorkspace(name, tier.value, is_enterprise if entitled is None else entitled, concurrency)
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
    workspace_id: WorkspaceArgument = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show one workspace."""
    listed = ask(config_of(config=config, data=data), ListWorkspaces(), WorkspaceList)
    view = the_one(listed.workspaces, workspace_id)
    rows = [
        ("id", view.workspace_id),
        ("name", view.name),
        ("tier", view.tier),
        ("zero retention", standing_of(view) + (f" ({view.restriction_reason})" if view.is_restricted else "")),
        ("generations at once", view.concurrency_max or "as the server's concurrent_requests_max"),
        ("created", f"{day_of(view.created_unix)} UTC"),
        ("keys", view.key_count),
        ("history items", view.history_item_count),
        ("characters this period", view.character_count),
    ]
    show_table(("what", "value"), rows)


def set_command(
    workspace_id: WorkspaceArgument = None,
    concurrency: ConcurrencyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say how many generations of a workspace run at once; without --concurrency as many as the server allows."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetConcurrency(named, concurrency), Done)
    show_note(f"workspace {named} runs {concurrency or 'as many generations as the server allows'} at once")


def restrict_command(
    reason: Annotated[
        Reason,
        typer.Option(
            parser=_reason_of,
            metavar="[high-risk|flagged|discretion]",
            help="Why; the workspace's own administrators are told.",
        ),
    ],
    workspace_id: WorkspaceArgument = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Take zero retention from a workspace: what asks for it is refused from now on, and never kept instead.

    Every administrator is told at once; `echoless notices list` shows whom that has reached.
    """
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetRestriction(named, True, reason.value), Done)
    show_note(f"workspace {named} is restricted: its zero-retention requests are refused")


def lift_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Give zero retention back to a restricted workspace, and tell every administrator."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetRestriction(named, False), Done)
    show_note(f"workspace {named} is not restricted")


def named_or_only(settings: ServerConfig, workspace_id: str | None) -> str:
    """Return the workspace that was named, or the only one that there is.

    raises: EcholessError(INVALID_PARAMETERS) where none was named and there are several
    """
    if workspace_id is not None:
        return workspace_id
    return the_one(ask(settings, ListWorkspaces(), WorkspaceList).workspaces, None).workspace_id


def the_one(views: Sequence[WorkspaceView], workspace_id: str | None) -> WorkspaceView:
    """Return the workspace of this id, or the only one where none is named.

    raises: EcholessError(NOT_FOUND); EcholessError(INVALID_PARAMETERS) where there is not exactly one
    """
    found = [view for view in views if workspace_id in {None, view.workspace_id}]
    if not found and workspace_id is not None:
        raise EcholessError(ErrorCode.NOT_FOUND, "no workspace has this id; `echoless workspace list` shows all")
    if len(found) != 1:
        message = f"there are {len(found)} workspaces: say which by its id"
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
    return found[0]


def standing_of(view: WorkspaceView) -> str:
    """Say in a word where the workspace stands with zero retention."""
    if view.is_restricted:
        return "restricted"
    if not view.is_entitled:
        return "not entitled"
    return "enforced" if view.is_enforced else "entitled"
