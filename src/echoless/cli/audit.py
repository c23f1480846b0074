"""`echoless audit`: plants marked content, then searches memory and disk for it.

Exit status: 0 only when zero-retention content was nowhere, kept content was where it belongs, and every control
was caught; 1 otherwise, also where memory could not be looked at.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from echoless.audit.options import AuditOptions, RunningServer
from echoless.cli.audit_watch import watch_command
from echoless.cli.log_files import read_text
from echoless.cli.operator_door import ask_running
from echoless.cli.progress import progress_bars
from echoless.cli.settings import DataOption
from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.config import API_KEY_VARIABLE
from echoless.supervisor.data_directory import holder_of

if TYPE_CHECKING:
    from echoless.audit.reports.report import AuditReport

_Url = Annotated[str | None, typer.Option(help="Where the running server is reached; its own word unless told.")]
_ApiKeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="File with an API key of it. Or set ECHOLESS_API_KEY.")
]
_JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON, with its seal.")
]
_HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one page with pictures.")
]
_PdfFile = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write the report as a PDF.")]
_Controls = Annotated[
    bool,
    typer.Option("--controls/--no-controls", help="Also try servers without scrubbing, which must be caught."),
]
_Only = Annotated[
    list[str] | None,
    typer.Option(metavar="PRODUCT", help="Plant in this product alone; may be repeated."),
]
_Part = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Run this part alone, `rounds` is one; may be repeated."),
]
_Quick = Annotated[
    bool, typer.Option("--quick", help="A few telling plantings of one product, one round, no controls.")
]
_Lab = Annotated[
    bool,
    typer.Option("--lab", help="Start servers of a laboratory, and kill, starve, spoil and restore them."),
]
_Mutations = Annotated[
    bool,
    typer.Option("--mutations", help="Switch off one protection at a time in copies, which must be noticed."),
]
_Leaks = Annotated[
    bool, typer.Option("--leaks", help="Plant leaks in copies of the program, each of which must be found.")
]
_Live = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Audit a server in use over the network: few requests, all of it taken away again. "
        "With --data also its memory and files.",
    ),
]
_Rate = Annotated[
    float, typer.Option(min=0.1, help="With --live: so many requests a second at most, on each connection.")
]
_Soak = Annotated[
    int,
    typer.Option(min=0, metavar="COUNT", help="Also send so many requests, under which memory must stay flat."),
]


def register(app: typer.Typer) -> None:
    """Add the command, with what stands below it."""
    group = typer.Typer(invoke_without_command=True)
    group.callback()(audit_command)
    group.command("watch")(watch_command)
    app.add_typer(group, name="audit")


def audit_command(
    context: typer.Context,
    *,
    data: DataOption = None,
    url: _Url = None,
    api_key_file: _ApiKeyFile = None,
    json_file: _JsonFile = None,
    html_file: _HtmlFile = None,
    pdf_file: _PdfFile = None,
    controls: _Controls = True,
    only: _Only = None,
    part: _Part = None,
    quick: _Quick = False,
    lab: _Lab = False,
    mutations: _Mutations = False,
    leaks: _Leaks = False,
    live: _Live = None,
    rate: _Rate = 10.0,
    soak: _Soak = 0,
) -> None:
    """Audit the server that runs on --data, or, without --data, one that is started for it and stopped again."""
    if context.invoked_subcommand is not None:
        return
    # Loaded late: the search loads numpy, whose threads a server must not have before its wall.
    from echoless.audit.reports.tables import print_report
    from echoless.audit.reports.writing import Wanted, write_report

    has_own_servers = lab or mutations or leaks
    if has_own_servers and not (data is url is live is None):
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, "this audit has servers of its own: leave --data, --url and --live"
        )
    _check_fit(lab=lab, mutations=mutations, leaks=leaks, only=bool(only), part=bool(part), soak=bool(soak))
    # An audit takes minutes: a report that has no place is known before it.
    for file in (json_file, html_file, pdf_file):
        _check_place(file)
    server = _server(data, url, live, api_key_file)
    # Who ends the audit lets it take away what it made.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with progress_bars() as bars:
        report = _kind(lab=lab, mutations=mutations, leaks=leaks)(
            AuditOptions(
                ask_operator=ask_running,
                server=server,
                has_controls=controls,
                soak_count=soak,
                only=tuple(only or ()),
                parts=tuple(part or ()),
                is_quick=quick,
                is_live=live is not None,
                pause_s=1.0 / rate if live is not None else 0.0,
                progress=bars.step,
            )
        )
    print_report(report, Console(highlight=False))
    write_report(report, Wanted(json_file, html_file, pdf_file))
    raise typer.Exit(0 if report.is_passed else 1)


def _check_fit(*, lab: bool, mutations: bool, leaks: bool, only: bool, part: bool, soak: bool) -> None:
    """Refuse what would have no effect.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    unfit = (
        ("--only", only and (lab or mutations)),
        ("--part", part and (mutations or leaks)),
        ("--soak", soak and (lab or mutations or leaks)),
    )
    for option, is_unfit in unfit:
        if is_unfit:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"this audit decides itself what {option} says")


def _check_place(file: Path | None) -> None:
    """Refuse a report that could not be written.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    if file is None:
        return
    place = file if file.exists() else file.absolute().parent
    if file.is_dir() or not os.access(place, os.W_OK):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"cannot write {file}")


def _kind(*, lab: bool, mutations: bool, leaks: bool) -> Callable[[AuditOptions], AuditReport]:
    """Return what the command runs.

    raises: EcholessError(INVALID_PARAMETERS) for two kinds at once
    """
    from echoless.audit.altered.proving import prove_leaks, prove_mutations
    from echoless.audit.lab import run_lab
    from echoless.audit.session import run_audit

    kinds = [
        run for run, is_wanted in ((run_lab, lab), (prove_mutations, mutations), (prove_leaks, leaks)) if is_wanted
    ]
    if len(kinds) > 1:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "--lab, --mutations and --leaks are run one at a time")
    return kinds[0] if kinds else run_audit


def _server(
    data: str | Path | None, url: str | None, live: str | None, api_key_file: Path | None
) -> RunningServer | None:
    """Return the server to audit; None for one of the audit's own."""
    if data is not None:
        return running_server(Path(data), live or url, api_key_file)
    if live is not None:
        return RunningServer(live, Path(), _api_key(api_key_file), is_remote=True)
    if url is not None or api_key_file is not None:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "to audit a running server, name its --data directory")
    return None


def running_server(data_directory: Path, url: str | None, api_key_file: Path | None) -> RunningServer:
    """Return how to reach the server that runs on a data directory.

    raises: EcholessError(DATA_DIRECTORY) when none runs there, EcholessError(CONFIGURATION) without an API key
    """
    holder = holder_of(data_directory)
    if not holder:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"no server runs on {data_directory}")
    return RunningServer(
        url or str(holder.get("url", "")), data_directory, _api_key(api_key_file), int(holder.get("pid", 0))
    )


def _api_key(api_key_file: Path | None) -> str:
    key = os.environ.get(API_KEY_VARIABLE, "")
    if api_key_file is not None:
        key = read_text(api_key_file).strip()
    if not key:
        raise EcholessError(
            ErrorCode.CONFIGURATION,
            f"the audit needs an API key of the server: {API_KEY_VARIABLE} or --api-key-file",
        )
    return key
