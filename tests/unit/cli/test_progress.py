"""Progress of long commands."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from echoless.cli.progress import ProgressBars, progress_bars

pytestmark = pytest.mark.unit


def test_each_step_has_one_bar_however_often_it_reports() -> None:
    progress = Progress(console=Console(file=io.StringIO()))
    bars = ProgressBars(progress)
    for name, fraction in (("plant", 0.0), ("search", 0.5), ("plant", 1.0)):
        bars.step(name, fraction)
    assert [(task.description, task.completed) for task in progress.tasks] == [("plant", 1.0), ("search", 0.5)]


def test_standard_output_stays_free_for_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bars() as bars:
        bars.step("plant", 1.0)
    assert capsys.readouterr().out == ""
