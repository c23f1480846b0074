"""`echoless bench`: what it asks the benchmark to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.cli import bench
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_options_reach_the_benchmark_and_its_figures_are_shown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[BenchOptions] = []

    def measure(options: BenchOptions) -> BenchReport:
        asked.append(options)
        options.progress("a step", 1.0)
        report = BenchReport(2, is_quick=True)
        report.add("seconds to ready", 1.25, "s")
        return report

    monkeypatch.setattr(bench, "run_bench", measure)
    result = run("bench", "--quick", "--engines", "3", "--json", str(tmp_path / "figures.json"))
    assert result.exit_code == 0
    assert "seconds to ready" in result.stdout
    assert (asked[0].is_quick, asked[0].engine_count, asked[0].png_path) == (True, 3, None)
    assert asked[0].json_path == tmp_path / "figures.json"
