"""`echoless notices`: what people were told, what has not arrived yet, and trying that again."""

from __future__ import annotations

from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.crossing.notice_records import (
    ListAllNotices,
    NoticeDeliveryView,
    NoticePage,
    NoticeRetried,
    NoticeView,
    RetryNotice,
)

WorkspaceOption = Annotated[str, typer.Option("--workspace", help="Only those of one workspace.")]
UndeliveredOption = Annotated[bool, typer.Option("--undelivered", help="Only those that have not arrived.")]
CountOption = Annotated[int, typer.Option("--count", min=1, max=100, help="How many, newest first.")]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("list")(list_command)
    app.command("retry")(retry_command)
    return app


def list_command(
    workspace: WorkspaceOption = "",
    count: CountOption = 50,
    *,
    undelivered: UndeliveredOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List notices with how far each has come on each of its ways; never an address."""
    question = ListAllNotices(count, workspace, undelivered)
    page = ask(config_of(config=config, data=data), question, NoticePage)
    show_table(
        ("notice", "time, UTC", "workspace", "what", "way", "to", "state", "attempts", "last failure"),
        [row for notice in page.notices for row in _rows(notice)],
    )


def retry_command(
    notice_id: Annotated[str, typer.Argument(metavar="ID", help="As `notices list` shows it.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Try what has not arrived of a notice again, from now on."""
    done = ask(config_of(config=config, data=data), RetryNotice(notice_id), NoticeRetried)
    show_note(f"{done.delivery_count} deliveries of notice {notice_id} are tried again")


def _rows(notice: NoticeView) -> list[tuple[object, ...]]:
    head = (notice.notice_id, day_of(notice.created_unix), notice.workspace_id or "-", notice.kind)
    if not notice.deliveries:
        return [(*head, "in the product", "-", "shown", "-", "-")]
    return [(*head, *_way(one)) for one in notice.deliveries]


def _way(one: NoticeDeliveryView) -> tuple[object, ...]:
    return one.channel, one.target_id or "an address", one.state, one.attempt_count, one.last_code or "-"
