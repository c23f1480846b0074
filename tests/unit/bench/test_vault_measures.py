"""The measures of the vault, on a small directory."""

from __future__ import annotations

import pytest

from echoless.bench import vault_measures
from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.bench.vault_filling import Filling
from echoless.bench.vault_measures import measure_vault

pytestmark = pytest.mark.unit


def test_every_figure_of_the_vault_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault_measures, "QUICK", Filling(key_count=10, item_count=200, doomed_count=200))
    monkeypatch.setattr(vault_measures, "_MADE", 110)
    report = BenchReport(1)
    measure_vault(BenchOptions(is_quick=True), report)
    judged = {figure.name for figure in report.figures if figure.is_met is not None}
    assert judged == {
        "vault: ticket, median", "vault: ticket, p99", "vault: a page of 100 items, median",
        "vault: ticket under a deletion and a backup, median", "vault: ticket under a deletion and a backup, p99",
        "vault: growth of memory by that deletion and backup",
    }  # fmt: skip
    assert all(figure.value > 0 for figure in report.figures if "growth" not in figure.name)
