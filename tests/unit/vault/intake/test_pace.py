"""How many requests may begin a minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.vault.intake import pace
from echoless.vault.intake.pace import Pace

pytestmark = pytest.mark.unit


def test_a_burst_of_ten_seconds_is_let_through_and_then_the_even_pace() -> None:
    limit = Pace(60)
    assert [limit.begin("w", 0.0) for _ in range(12)] == [0] * 10 + [1, 1]
    assert [limit.begin("w", 1.0), limit.begin("w", 1.0)] == [0, 1]
    assert limit.begin("other", 1.0) == 0
    assert [limit.begin("w", 1000.0) for _ in range(11)] == [0] * 10 + [1]


def test_a_slow_pace_lets_one_through_and_says_when_to_come_again() -> None:
    limit = Pace(2)
    assert (limit.begin("w", 0.0), limit.begin("w", 0.0), limit.begin("w", 29.9)) == (0, 30, 1)
    assert limit.begin("w", 30.0) == 0


def test_no_limit_is_none() -> None:
    limit = Pace(0)
    assert [limit.begin("w", 0.0) for _ in range(1000)] == [0] * 1000


def test_owners_who_have_rested_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_OWNERS_MAX", 2)
    limit = Pace(60)
    for now_s, owner in enumerate("abcdef"):
        limit.begin(owner, float(now_s * 100))
    assert len(limit._due_s) <= 2


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=200), st.integers(1, 600))
def test_over_any_span_no_more_begin_than_the_pace_and_one_burst(gaps_s: list[float], per_minute: int) -> None:
    limit, now_s, begun = Pace(per_minute), 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        wait_s = limit.begin("w", now_s)
        if not wait_s:
            begun.append(now_s)
    for index, first_s in enumerate(begun):
        for count, last_s in enumerate(begun[index:], 1):
            assert count <= (last_s - first_s) * per_minute / 60 + max(10 * per_minute / 60, 1) + 1
