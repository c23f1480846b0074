"""`echoless member`: who may log in to a workspace, and whoever cannot get in any more."""

from __future__ import annotations

import secrets
import sys
from enum import StrEnum
from typing import Annotated, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.cli.workspace import named_or_only
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import MemberRemoved
from echoless.crossing.member_records import (
    MemberList,
    MemberView,
    OperatorAddMember,
    OperatorChangeMember,
    OperatorListMembers,
)
from echoless.crossing.query_records import Done
from echoless.supervisor.config import ServerConfig

_PASSWORD_BYTES: Final = 15
_PASSWORD_LINE_MAX: Final = 300
WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", help="Its id; needed where there are several.", metavar="ID")
]
MemberArgument = Annotated[
    str, typer.Argument(metavar="MEMBER", help="User id or address, as `member list` shows.")
]
StdinOption = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input; one is made up unless told."),
]


class Role(StrEnum):
    """What a member may do."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("add")(add_command)
    app.command("list")(list_command)
    app.command("set-role")(set_role_command)
    app.command("set-password")(set_password_command)
    app.command("lock")(lock_command)
    app.command("unlock")(unlock_command)
    app.command("sign-out")(sign_out_command)
    app.command("remove")(remove_command)
    return app


def add_command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="E-mail address.")],
    *,
    role: Annotated[Role, typer.Option(help="What the member may do.")] = Role.VIEWER,
    first_name: Annotated[str, typer.Option("--name", help="First name, which other members see.")] = "",
    owner: Annotated[
        bool, typer.Option("--owner", help="The member owns the workspace; its first administrator does anyhow.")
    ] = False,
    password_stdin: StdinOption = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="For one who signs on elsewhere, or asks for a code by e-mail.")
    ] = False,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Make a member at once. A password that was made up is printed this once."""
    if password_stdin and no_password:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "give --password-stdin or --no-password, not both")
    settings = config_of(config=config, data=data)
    password = "" if no_password else _password(reads=password_stdin)
    question = OperatorAddMember(
        named_or_only(settings, workspace), address, role.value, password, first_name, is_owner=owner
    )
    (member,) = ask(settings, question, MemberList).members
    show_note(f"member {member.user_id} is {member.role}{' and owns the workspace' if member.is_owner else ''}")
    if password and not password_stdin:
        show_note("the password is shown only this once:")
        show_line(password)


def list_command(workspace: WorkspaceOption = None, config: ConfigOption = None, data: DataOption = None) -> None:
    """List members and open invitations."""
    settings = config_of(config=config, data=data)
    listed = ask(settings, OperatorListMembers(named_or_only(settings, workspace)), MemberList)
    rows = [
        (one.user_id, one.address, one.role, _state_of(one), one.session_count, day_of(one.created_unix))
        for one in listed.members
    ]
    rows += [("", one.address, one.role, "invited", 0, day_of(one.created_unix)) for one in listed.invitations]
    show_table(("id", "address", "role", "state", "sessions", "since (UTC)"), rows)


def set_role_command(
    member: MemberArgument,
    role: Annotated[Role, typer.Argument(help="What the member may do from now on.")],
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Change what a member may do, from the next request on."""
    settings = config_of(config=config, data=data)
    user_id = _id_of(settings, workspace, member)
    ask(settings, OperatorChangeMember(user_id, role=role.value), Done)
    show_note(f"member {user_id} is {role.value}")


def set_password_command(
    member: MemberArgument,
    *,
    password_stdin: StdinOption = False,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Give a member a new password and close all their sessions."""
    settings = config_of(config=config, data=data)
    user_id, password = _id_of(settings, workspace, member), _password(reads=password_stdin)
    ask(settings, OperatorChangeMember(user_id, password=password), Done)
    show_note(f"member {user_id} has a new password" + ("" if password_stdin else ", shown only this once:"))
    if not password_stdin:
        show_line(password)


def lock_command(
    member: MemberArgument,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let a member in no more, until unlocked, and close all their sessions."""
    settings = config_of(config=config, data=data)
    user_id = _id_of(settings, workspace, member)
    ask(settings, OperatorChangeMember(user_id, is_locked=True), Done)
    show_note(f"member {user_id} is locked")


def unlock_command(
    member: MemberArgument,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let a locked member in again."""
    settings = config_of(config=config, data=data)
    user_id = _id_of(settings, workspace, member)
    ask(settings, OperatorChangeMember(user_id, is_locked=False), Done)
    show_note(f"member {user_id} is not locked")


def sign_out_command(
    member: MemberArgument,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Close all sessions of a member."""
    settings = config_of(config=config, data=data)
    user_id = _id_of(settings, workspace, member)
    ask(settings, OperatorChangeMember(user_id, closes_sessions=True), Done)
    show_note(f"member {user_id} is logged in nowhere")


def remove_command(
    member: MemberArgument,
    workspace: WorkspaceOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Remove a member: address, password, sessions and memberships of groups."""
    settings = config_of(config=config, data=data)
    user_id = _id_of(settings, workspace, member)
    gone = ask(settings, OperatorChangeMember(user_id, is_removed=True), MemberRemoved)
    show_note(f"member {user_id} is removed")
    rows = [("removed", name, count) for name, count in gone.removed.items()]
    rows += [(f"reassigned to {gone.heir_id}", name, count) for name, count in gone.reassigned.items()]
    rows += [("kept under the id alone", name, count) for name, count in gone.kept.items()]
    show_table(("what became of it", "what", "how many"), rows)


def _id_of(settings: ServerConfig, workspace: str | None, member: str) -> str:
    """Return the id of a member who was named by id or by address."""
    if "@" not in member:
        return member
    listed = ask(settings, OperatorListMembers(named_or_only(settings, workspace)), MemberList)
    found = [one.user_id for one in listed.members if one.address == member.strip().lower()]
    if not found:
        raise EcholessError(ErrorCode.NOT_FOUND, "no member has this address; `echoless member list` shows all")
    return found[0]


def _password(*, reads: bool) -> str:
    if not reads:
        return secrets.token_urlsafe(_PASSWORD_BYTES)
    return sys.stdin.readline(_PASSWORD_LINE_MAX).rstrip("\n")


def _state_of(member: MemberView) -> str:
    if member.is_locked:
        return "locked"
    return "owner" if member.is_owner else "in use"
