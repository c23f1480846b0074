"""`echoless audit watch`: what the server is proving at this moment, for people, over the operator's door.

On a terminal a picture that renews itself; elsewhere a line for each look, or JSON. Of requests nothing is shown.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from echoless.cli.operator_door import ask_running
from echoless.cli.screen import day_of, show_line
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.watch_records import AskWatch, WatchedProcess, WatchView
from echoless.supervisor.data_directory import holder_of

_HISTORY_MAX: Final = 60
_REASONS_SHOWN: Final = 4
_SILENCE_S_MAX: Final = 10.0
_BARS: Final = " ▁▂▃▄▅▆▇█"
_MODES: Final = ("zero", "default")
_WELL, _ILL = "green", "bold red"


def watch_command(
    *,
    config: ConfigOption = None,
    data: DataOption = None,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object for each look.")] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, max=3600, metavar="SECONDS", help="How long between two looks.")
    ] = 2.0,
) -> None:
    """Show receipts, walls, refusals, the log and the last audit of the server that runs on --data."""
    directory = Path(config_of(config=config, data=data).data)
    console = Console(highlight=False)
    if as_json or not console.is_terminal:
        for view in _looks(directory, every_s, is_once=once):
            show_line(msgspec.json.encode(told(view)).decode() if as_json else line_of(view))
        return
    history: deque[WatchView] = deque(maxlen=_HISTORY_MAX)
    if once:
        history.extend(_looks(directory, every_s, is_once=True))
        console.print(picture_of(history))
        return
    _watch(directory, every_s, console, history)


def _watch(directory: Path, every_s: float, console: Console, history: deque[WatchView]) -> None:
    """Show a picture that renews itself, until somebody ends it."""
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            for view in _looks(directory, every_s, is_once=False):
                history.append(view)
                live.update(picture_of(history), refresh=True)
    except KeyboardInterrupt:
        return


def _looks(directory: Path, every_s: float, *, is_once: bool) -> Iterator[WatchView]:
    """Yield how it stands, again and again.

    raises: EcholessError(DATA_DIRECTORY) where no server runs there, it ends, or it says nothing for ten seconds
    """
    answered_s = time.monotonic()
    while True:
        if not holder_of(directory):
            raise EcholessError(ErrorCode.DATA_DIRECTORY, f"no server runs on {directory}")
        try:
            view = ask_running(directory, AskWatch())
        except EcholessError:
            # A vault that died is started anew, and answers again in a second or two.
            if is_once or time.monotonic() - answered_s > _SILENCE_S_MAX:
                raise
        else:
            if not isinstance(view, WatchView):
                raise EcholessError(ErrorCode.CROSSING_BROKEN, "the vault gave an answer to another question")
            yield view
            answered_s = time.monotonic()
        if is_once:
            return
        time.sleep(every_s)


# --- for programs ---


def told(view: WatchView) -> dict[str, Any]:
    """Return a look by names; records cross without them."""
    shown = {name: getattr(view, name) for name in view.__struct_fields__}
    shown["processes"] = [
        {name: getattr(each, name) for name in each.__struct_fields__} | {"is_walled": each.is_walled}
        for each in view.processes
    ]
    return shown


def line_of(view: WatchView) -> str:
    """Return a look as one line."""
    walled = sum(each.is_walled for each in view.processes)
    receipts = ", ".join(f"{view.receipts_minute.get(mode, 0)} {mode}" for mode in _MODES)
    refusals = ", ".join(f"{code} {count}" for code, count in _by_count(view.refusals)) or "none"
    return (
        f"{day_of(view.now_unix)}\treceipts/min: {receipts}\twalled: {walled} of {len(view.processes)}"
        f"\tlog: {view.log_size}\taudit: {_audit_of(view)}\trefusals: {refusals}"
    )


# --- for people ---


def picture_of(history: Sequence[WatchView]) -> RenderableType:
    """Return the picture of the newest look, with the receipts of those before it."""
    view = history[-1]
    head = Text.assemble(
        ("Echoless ", "bold"), f"{day_of(view.now_unix)} UTC   zero retention: ",
        ("available", _WELL) if view.is_confined else ("refused here", _ILL), f" ({view.assurance})",
    )  # fmt: skip
    if view.missing:
        head.append(f"   missing: {', '.join(view.missing)}", _ILL)
    # A small terminal cuts off what stands last: of all that there is, processes that stand as they should.
    return Group(head, "", _proofs(view), "", _receipts(history), "", _refusals(view), "", _processes(view))


def _table(*heads: str, **more: Any) -> Table:
    """Return a table without lines: on a terminal of 24 each is wanted."""
    return Table(*heads, box=None, pad_edge=False, padding=(0, 2, 0, 0), **more)


def _receipts(history: Sequence[WatchView]) -> Table:
    view = history[-1]
    table = _table("receipts", "a minute", "since the start", "looks before")
    for mode in _MODES:
        past = [each.receipts_minute.get(mode, 0) for each in history]
        table.add_row(mode, str(past[-1]), str(view.receipts.get(mode, 0)), bars_of(past))
    lost = Text(f"{view.receipts_lost} lost", _ILL if view.receipts_lost else _WELL)
    table.add_row(f"{view.receipts_pending} to be signed", "", lost, f"{view.capsules} with a capsule")
    return table


def _processes(view: WatchView) -> Table:
    table = _table("process", "pid", "wall", "filter", "no new privileges", "KiB in swap", "says of itself")
    for each in sorted(view.processes, key=lambda each: each.is_walled):
        wall = Text("stands", _WELL) if each.is_walled else Text("not seen" if not each.is_seen else "weak", _ILL)
        table.add_row(
            each.name, str(each.pid), wall, _word(each.seccomp_mode), _word(each.has_no_new_privs),
            _word(each.swap_kib), _said(each),
        )  # fmt: skip
    return table


def _refusals(view: WatchView) -> Table:
    table = _table("refused, by reason", "times")
    told = _by_count(view.refusals)
    for code, count in told[:_REASONS_SHOWN]:
        table.add_row(code, str(count))
    if len(told) > _REASONS_SHOWN:
        table.add_row(f"{len(told) - _REASONS_SHOWN} more reasons", str(sum(n for _, n in told[_REASONS_SHOWN:])))
    if not told:
        table.add_row("nothing", "")
    return table


def _proofs(view: WatchView) -> Table:
    table = _table("proof", "stands at", show_header=False)
    verdict_style = {"passed": _WELL, "failed": _ILL}.get(view.audit_verdict, "")
    table.add_row("last audit", Text(_audit_of(view), verdict_style))
    table.add_row("log", f"{view.log_size} entries of {view.log_origin}")
    table.add_row("its root", view.log_root)
    table.add_row("requests", f"{view.open_requests} open, {view.running} running, {view.waiting} waiting")
    return table


def bars_of(counts: Sequence[int]) -> str:
    """Return counts as bars of one line, the highest full."""
    top = max(counts, default=0)
    if not top:
        return ""
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // top)] for count in counts)


def _audit_of(view: WatchView) -> str:
    if not view.audit_unix:
        return "none since the start"
    return f"{view.audit_verdict} {day_of(view.audit_unix)} ({view.audit_mode})"


def _by_count(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _said(process: WatchedProcess) -> str:
    """Return what does not hold, by name; where all holds, that it does."""
    lacking = [f"no {name}" for name, holds in sorted(process.self_reported.items()) if not holds]
    return ", ".join(lacking) or ("all is well" if process.self_reported else "")


def _word(value: int | bool | None) -> str:
    if value is None:
        return "not seen"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
