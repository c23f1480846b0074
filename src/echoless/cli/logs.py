"""`echoless logs`: the operator's reading of the logs that hold content, each time with a reason.

The reason is on the audit trail of the workspace before the first entry is shown; its administrators see it there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.crossing.log_records import LogEntryView, LogPage, ReadLog
from echoless.supervisor.config import ServerConfig

_PAGE: Final = 200
_EXCERPT_CHARACTERS: Final = 60
# What a client wrote may hold escape sequences; an operator's terminal must not obey them.
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

WorkspaceOption = Annotated[str, typer.Option("--workspace", help="Whose log, as `workspace list` shows it.")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why you read it. It goes into the workspace's audit trail.")
]
RequestOption = Annotated[str, typer.Option("--request", help="Only entries of this request.")]
CountOption = Annotated[int, typer.Option("--count", min=1, max=100_000, help="How many entries, newest first.")]
JSONOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, with everything.")]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("debug")(debug_command)
    app.command("moderation")(moderation_command)
    return app


def debug_command(
    workspace: WorkspaceOption,
    reason: ReasonOption,
    request: RequestOption = "",
    count: CountOption = 100,
    *,
    as_json: JSONOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show what was asked for and how it failed. Zero-retention requests have no entry."""
    question = ReadLog("debug", workspace, reason, count, request_id=request)
    _show(config_of(config=config, data=data), question, as_json=as_json)


def moderation_command(
    workspace: WorkspaceOption,
    reason: ReasonOption,
    request: RequestOption = "",
    count: CountOption = 100,
    *,
    as_json: JSONOption = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Show what checks found, with excerpts. Zero-retention requests have no entry."""
    question = ReadLog("moderation", workspace, reason, count, request_id=request)
    _show(config_of(config=config, data=data), question, as_json=as_json)


def entry_members(entry: LogEntryView) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    members: dict[str, Any] = {name: getattr(entry, name) for name in LogEntryView.__struct_fields__}
    members["findings"] = [
        {"category": each.category, "severity": each.severity, "excerpts": each.excerpts} for each in entry.findings
    ]
    return members


def entry_cells(entry: LogEntryView) -> tuple[str, ...]:
    """Return an entry as a table shows it: one line, printable, cut."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(entry.time_ms // 1000))
    found = "; ".join(f"{each.category} ({each.severity}): {' … '.join(each.excerpts)}" for each in entry.findings)
    said = found or entry.text or " / ".join(entry.dialogue) or entry.transcript
    excerpt = said if len(said) <= _EXCERPT_CHARACTERS else said[: _EXCERPT_CHARACTERS - 1] + "…"
    cells = (moment, entry.request_id, entry.endpoint, entry.model_id, entry.code, excerpt)
    return tuple(_UNPRINTABLE.sub("·", cell) for cell in cells)


def _show(settings: ServerConfig, question: ReadLog, *, as_json: bool) -> None:
    entries = _entries(settings, question)
    if as_json:
        for entry in entries:
            show_line(json.dumps(entry_members(entry)))
        return
    rows = [entry_cells(entry) for entry in entries]
    show_table(("time (UTC)", "request", "endpoint", "model", "code", "what was said"), rows)
    show_note(f"{len(rows)} entries; your reason is on the audit trail of workspace {question.workspace_id}")


def _entries(settings: ServerConfig, question: ReadLog) -> Iterator[LogEntryView]:
    """Yield entries, page by page, until there are enough or no more."""
    left, before = question.count, 0
    while left > 0:
        page_question = ReadLog(
            question.log, question.workspace_id, question.reason, min(left, _PAGE), before, question.request_id
        )
        page = ask(settings, page_question, LogPage)
        yield from page.entries
        left -= len(page.entries)
        if not page.has_more or not page.entries:
            return
        before = page.entries[-1].sequence
