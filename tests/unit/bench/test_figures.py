"""Figures from samples."""

from __future__ import annotations

import pytest

from echoless.bench.figures import lower_bound_of_median, percentile

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 3.0), (0.95, 4.8), (1.0, 5.0)])
def test_a_percentile_lies_between_its_neighbours(share: float, value: float) -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], share) == pytest.approx(value)


def test_the_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(AssertionError):
        percentile([], 0.5)


def test_the_bound_lies_below_the_median_and_comes_closer_with_more_samples() -> None:
    few = [0.9, 0.95, 1.0, 1.05, 1.1]
    assert 0.9 <= lower_bound_of_median(few) < 1.0
    assert lower_bound_of_median(few) < lower_bound_of_median(few * 40) <= 1.0


def test_the_bound_is_repeatable() -> None:
    values = [1.0 + 0.01 * n for n in range(30)]
    assert lower_bound_of_median(values) == lower_bound_of_median(values)
