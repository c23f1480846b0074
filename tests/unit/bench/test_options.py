"""A measure can be taken alone."""

from __future__ import annotations

import pytest

from echoless.bench.options import BenchOptions
from echoless.bench.session import MEASURES, run_bench
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit


def test_all_measures_are_taken_unless_some_are_named() -> None:
    assert all(BenchOptions().wants(name) for name in MEASURES)
    assert [name for name in MEASURES if BenchOptions(only=("sockets",)).wants(name)] == ["sockets"]


def test_a_measure_that_there_is_not_is_refused() -> None:
    with pytest.raises(EcholessError, match="sockets"):
        run_bench(BenchOptions(only=("nothing",)))
