"""What a benchmark measured: as a value, as JSON, as tables and as a picture."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    goal:  what is asked for, in words; empty where a figure only informs
    is_met: None without a goal
    """

    name: str
    value: float
    unit: str
    goal: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """What one process took over a part of the benchmark."""

    part: str
    role: str
    pid: int
    cpu_ms_per_request: float
    resident_mib: float


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """Throughput and latency with so many clients at once."""

    clients: int
    requests_per_s: float
    first_byte_p50_ms: float
    first_byte_p95_ms: float


@dataclass(slots=True)
class BenchReport:
    """Everything that was measured."""

    cores: int
    machine: str = field(default_factory=platform.machine)
    python: str = field(default_factory=platform.python_version)
    is_quick: bool = False
    duration_s: float = 0.0
    figures: list[Figure] = field(default_factory=list)
    costs: list[ProcessCost] = field(default_factory=list)
    curve: list[LoadPoint] = field(default_factory=list)
    bare_requests_per_s: float = 0.0

    def add(self, name: str, value: float, unit: str) -> None:
        """Note a figure that only informs."""
        self.figures.append(Figure(name, value, unit))

    def judge(
        self, name: str, value: float, unit: str, *, bound: float, side: Literal["at least", "at most"]
    ) -> None:
        """Note a figure with its goal."""
        is_met = value >= bound if side == "at least" else value <= bound
        self.figures.append(Figure(name, value, unit, f"{side} {bound:.4g}", is_met))

    @property
    def missed(self) -> list[Figure]:
        """Figures that fall short of their goal."""
        return [figure for figure in self.figures if figure.is_met is False]

    def as_json(self) -> str:
        """Return the whole report as JSON."""
        return json.dumps(asdict(self), indent=2)


def print_report(report: BenchReport, console: Console) -> None:
    """Show a report to a person."""
    figures = Table("figure", "measured", "unit", "goal", "")
    for figure in report.figures:
        mark = {True: "[green]ok[/]", False: "[red]short[/]", None: ""}[figure.is_met]
        figures.add_row(figure.name, f"{figure.value:.4g}", figure.unit, figure.goal, mark)
    costs = Table("part", "process", "pid", "CPU ms a request", "RSS MiB")
    for cost in report.costs:
        costs.add_row(
            cost.part, cost.role, str(cost.pid), f"{cost.cpu_ms_per_request:.2f}", f"{cost.resident_mib:.1f}"
        )
    curve = Table("clients", "requests/s", "first byte p50 ms", "p95 ms")
    for point in report.curve:
        curve.add_row(
            str(point.clients), f"{point.requests_per_s:.1f}", f"{point.first_byte_p50_ms:.1f}",
            f"{point.first_byte_p95_ms:.1f}",
        )  # fmt: skip
    for table in (figures, costs, curve):
        if table.row_count:
            console.print(table)
    form = "quick, " if report.is_quick else ""
    console.print(
        f"{form}{report.cores} cores, {report.machine}, Python {report.python}, {report.duration_s:.0f} s; "
        f"{len(report.missed)} of {sum(figure.is_met is not None for figure in report.figures)} goals missed."
    )


def draw(report: BenchReport, path: Path) -> None:
    """Draw throughput and latency by number of clients, as one PNG."""
    from matplotlib.figure import Figure as Canvas  # heavy, and only a picture needs it

    canvas = Canvas(figsize=(10, 4), layout="constrained")
    throughput, latency = canvas.subplots(1, 2)
    clients = [point.clients for point in report.curve]
    throughput.plot(clients, [point.requests_per_s for point in report.curve], marker="o", label="server")
    throughput.axhline(report.bare_requests_per_s, linestyle="--", color="grey", label="bare engine and encoder")
    throughput.set_ylabel("requests/s, mp3_44100_128")
    _line(latency, clients, [point.first_byte_p50_ms for point in report.curve], "p50")
    _line(latency, clients, [point.first_byte_p95_ms for point in report.curve], "p95")
    latency.set_ylabel("first audio byte, ms")
    for axes in (throughput, latency):
        axes.set_xlabel("clients at once")
        axes.set_xscale("log", base=2)
        axes.set_xticks(clients, [str(count) for count in clients])
        axes.set_ylim(bottom=0)
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
    canvas.savefig(path, dpi=120)


def _line(axes: object, clients: Sequence[int], values: Sequence[float], label: str) -> None:
    axes.plot(clients, values, marker="o", label=label)  # type: ignore[attr-defined]  # matplotlib types it loosely
