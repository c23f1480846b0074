"""The time by which something may be deleted."""

from __future__ import annotations

import pytest

from echoless.vault.erasure.steady import HOLD_S, SteadyClock
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit
YEAR_MS = 365 * 86_400_000


def test_time_that_passes_counts_and_so_do_small_corrections() -> None:
    clock = TurnedClock()
    steady = SteadyClock(clock)
    clock.turn(90 * 86_400)
    assert steady.unix_ms() == clock.now_ms
    clock.now_ms += 5 * 60 * 1000
    assert steady.unix_ms() == clock.now_ms


def test_a_jump_ahead_that_is_taken_back_never_counted() -> None:
    clock = TurnedClock()
    steady = SteadyClock(clock)
    clock.now_ms += YEAR_MS
    before_ms = steady.unix_ms()
    assert before_ms == clock.now_ms - YEAR_MS
    clock.turn(HOLD_S - 1)
    assert steady.unix_ms() == clock.now_ms - YEAR_MS
    clock.now_ms -= YEAR_MS
    assert steady.unix_ms() == clock.now_ms
    clock.now_ms += YEAR_MS
    clock.turn(2)
    assert steady.unix_ms() == clock.now_ms - YEAR_MS, "a second jump begins to hold anew"


def test_a_jump_ahead_that_holds_is_believed_after_an_hour() -> None:
    clock = TurnedClock()
    steady = SteadyClock(clock)
    clock.now_ms += YEAR_MS
    steady.unix_ms()
    clock.turn(HOLD_S)
    assert steady.unix_ms() == clock.now_ms


def test_a_clock_that_goes_back_counts_at_once() -> None:
    """Later is always safe."""
    clock = TurnedClock()
    steady = SteadyClock(clock)
    clock.now_ms -= YEAR_MS
    assert steady.unix_ms() == clock.now_ms
    clock.turn(60)
    assert steady.unix_ms() == clock.now_ms
