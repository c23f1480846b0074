"""What proofs take is measured on real signatures and a real log, and judged against the goals."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from echoless.bench import proof_measures
from echoless.bench.options import BenchOptions
from echoless.bench.proof_measures import measure_proofs
from echoless.bench.report import BenchReport
from echoless.receipts.log_check import LogReport, check_log

pytestmark = pytest.mark.unit


@dataclass(frozen=True, slots=True)
class Small(BenchOptions):
    """So few that a test may wait for them."""

    def scaled(self, count: int, quick_count: int) -> int:
        return min(quick_count, 700)


def test_receipts_signatures_and_a_log_are_measured() -> None:
    steps: dict[str, float] = {}
    report = BenchReport(1, is_quick=True)
    measure_proofs(Small(is_quick=True, progress=steps.__setitem__), report)
    assert [(figure.unit, figure.is_met is None) for figure in report.figures] == [
        ("receipts/s", False), ("receipts/s", True), ("s", False),
    ]  # fmt: skip
    assert all(figure.value > 0 for figure in report.figures)
    assert set(steps) == {"receipts", "growing a log", "checking a log"}
    assert steps["checking a log"] == 1.0


def test_a_log_that_does_not_hold_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_half(note: str, *rest: object, **more: object) -> LogReport:
        return check_log(note.replace("\n700\n", "\n600\n"), *rest, **more)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(proof_measures, "check_log", check_half)
    with pytest.raises(AssertionError):
        measure_proofs(Small(is_quick=True), BenchReport(1, is_quick=True))
