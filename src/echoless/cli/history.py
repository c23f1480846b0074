"""`echoless history`: deleting what a workspace keeps, many items at once."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.progress import progress_bars
from echoless.cli.screen import show_line
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from echoless.supervisor.config import ServerConfig

_LOOK_S: Final = 0.2
_DAY_S: Final = 86_400


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.callback()(history_group)
    app.command("delete")(delete_command)
    return app


def history_group() -> None:
    """Delete what a workspace keeps."""


def delete_command(
    workspace: Annotated[str, typer.Option("--workspace", help="Whose history, as `workspace list` shows it.")],
    item: Annotated[
        list[str] | None, typer.Option("--item", help="This item; as often as there are items.")
    ] = None,
    older_than_days: Annotated[
        int | None, typer.Option(min=0, help="Items that are older than so many days.")
    ] = None,
    *,
    voice: Annotated[str, typer.Option(help="Items of this voice.")] = "",
    model: Annotated[str, typer.Option(help="Items of this model.")] = "",
    source: Annotated[str, typer.Option(help="TTS or STS.")] = "",
    every_item: Annotated[bool, typer.Option("--every-item", help="The whole history.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this nothing happens.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Delete items of a history: their keys first, then audio and text. It cannot be undone.

    What was begun goes on in the server when this command is ended.
    """
    has_filter = older_than_days is not None or voice or model or source
    if sum(map(bool, (item, has_filter, every_item))) != 1:
        message = "name items, or give filters, or say --every-item: exactly one of the three"
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
    if not yes:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "nothing was deleted: say --yes to do it")
    before = 0 if older_than_days is None else int(time.time()) - older_than_days * _DAY_S
    question = DeleteMany(
        item_ids=item or [], voice_id=voice, model_id=model, source=source, before_unix=before,
        workspace_id=workspace,
    )  # fmt: skip
    settings = config_of(config=config, data=data)
    done = _watch(settings, workspace, ask(settings, question, DeletionProgress))
    show_line(f"{done.deleted_count} of {done.total_count} items deleted")


def _watch(settings: ServerConfig, workspace_id: str, progress: DeletionProgress) -> DeletionProgress:
    """Show a bar until the deletion is done."""
    with progress_bars() as bars:
        while not progress.is_done:
            bars.step("deleting", progress.deleted_count / max(progress.total_count, 1))
            time.sleep(_LOOK_S)
            question = GetDeletionProgress(progress.job_id, workspace_id)
            progress = ask(settings, question, DeletionProgress)
    return progress
