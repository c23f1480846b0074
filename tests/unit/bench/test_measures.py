"""Sides take turns, and ratios are those of neighbouring turns."""

from __future__ import annotations

import pytest

from echoless.bench.load import Timing
from echoless.bench.measures import Side, corpus, interleaved, median_ratio
from echoless.bench.options import BenchOptions

pytestmark = pytest.mark.unit


class _Scripted(Side):
    def __init__(self, name: str, rates: list[float], order: list[str]) -> None:
        super().__init__([], [])
        self._name, self._rates, self._order = name, iter(rates), order

    def turn(self) -> tuple[list[Timing], float]:
        self._order.append(self._name)
        return [], next(self._rates)


def test_sides_take_turns_after_one_that_does_not_count() -> None:
    order: list[str] = []
    fractions: list[float] = []
    first, second = _Scripted("a", [99, 1, 2, 3], order), _Scripted("b", [99, 4, 5, 6], order)
    assert interleaved(first, second, 3, fractions.append) == ([1, 2, 3], [4, 5, 6])
    assert "".join(order) == "abababab"
    assert fractions == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_a_machine_that_slows_down_does_not_change_the_ratio() -> None:
    assert median_ratio([9.0, 4.5, 1.8], [10.0, 5.0, 2.0]) == pytest.approx(0.9)


@pytest.mark.parametrize("is_quick", [True, False])
def test_the_corpus_speaks_every_language_of_it_by_a_voice_of_that_language(is_quick: bool) -> None:
    texts = corpus(BenchOptions(is_quick=is_quick))
    assert {text.language for text in texts} == {"en", "de", "fr", "es"}
    assert len(texts) == (48 if is_quick else 96)
