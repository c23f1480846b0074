"""The goal of a socket is set by the bare engine of the same run."""

from __future__ import annotations

import pytest

from echoless.bench.report import BenchReport
from echoless.bench.socket_measures import _judge

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("server_ms", "is_met"), [(7.9, True), (8.1, False)])
def test_three_times_the_bare_engine_and_two_milliseconds_are_the_bound(server_ms: float, is_met: bool) -> None:
    report = BenchReport(1)
    _judge([server_ms] * 5, [2.0] * 5, report)
    (judged,) = (figure for figure in report.figures if figure.is_met is not None)
    assert judged.is_met is is_met
