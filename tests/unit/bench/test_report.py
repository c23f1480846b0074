"""A report says what fell short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from echoless.bench.report import BenchReport, LoadPoint, ProcessCost, draw, print_report

pytestmark = pytest.mark.unit


def _report() -> BenchReport:
    report = BenchReport(cores=2)
    report.judge("fast enough", 0.91, "ratio", bound=0.9, side="at least")
    report.judge("too slow", 13.0, "ms", bound=12.0, side="at most")
    report.add("only said", 1.5, "s")
    report.costs.append(ProcessCost("mp3", "gateway", 7, 1.25, 60.0))
    report.curve += [LoadPoint(1, 10.0, 2.0, 3.0), LoadPoint(8, 20.0, 9.0, 14.0)]
    return report


def test_what_misses_its_goal_is_named() -> None:
    assert [figure.name for figure in _report().missed] == ["too slow"]


@pytest.mark.parametrize(("value", "is_met"), [(0.9, True), (0.8999, False)])
def test_a_goal_is_met_at_its_bound(value: float, is_met: bool) -> None:
    report = BenchReport(cores=2)
    report.judge("it", value, "ratio", bound=0.9, side="at least")
    assert report.figures[0].is_met is is_met


def test_the_json_holds_every_figure() -> None:
    told = json.loads(_report().as_json())
    assert {figure["name"] for figure in told["figures"]} == {"fast enough", "too slow", "only said"}
    assert told["costs"][0]["cpu_ms_per_request"] == 1.25
    assert [point["clients"] for point in told["curve"]] == [1, 8]


def test_the_table_shows_what_fell_short() -> None:
    console = Console(record=True, width=160)
    print_report(_report(), console)
    shown = console.export_text()
    assert "too slow" in shown
    assert "short" in shown
    assert "1 of 2 goals missed" in shown


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "bench.png"
    draw(_report(), path)
    assert path.read_bytes().startswith(b"\x89PNG")
