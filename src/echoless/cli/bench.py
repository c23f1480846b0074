"""`echoless bench`: the server against the bare engine, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from echoless.bench.options import BenchOptions, usable_cores
from echoless.bench.report import print_report
from echoless.bench.session import MEASURES, run_bench
from echoless.cli.progress import progress_bars


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench_command)


def bench_command(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="The same figures from fewer samples.")] = False,
    engines: Annotated[
        int | None, typer.Option(min=1, help="Engine processes, and bare ones; as many as cores unless told.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"Measure this alone; may be repeated. One of: {', '.join(MEASURES)}."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures as JSON.")
    ] = None,
    png_file: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="Draw throughput and latency by clients.")
    ] = None,
) -> None:
    """Measure a server that is started for it. Leave the machine alone meanwhile."""
    with progress_bars() as bars:
        report = run_bench(
            BenchOptions(
                is_quick=quick,
                engine_count=engines or usable_cores(),
                only=tuple(only or ()),
                json_path=json_file,
                png_path=png_file,
                progress=bars.step,
            )
        )
    print_report(report, Console(highlight=False))
