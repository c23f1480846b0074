"""Guessing is slowed by a bounded wait, for each address alone."""

from __future__ import annotations

import pytest

from echoless.vault.identity import throttle as module
from echoless.vault.identity.throttle import FORGOTTEN_S, FREE_FAILURES, WAIT_S_MAX, Throttle
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit


def failed(throttle: Throttle, count: int, digest: bytes = b"a") -> None:
    for _ in range(count):
        throttle.failed(digest)


def test_a_few_failures_are_free_and_then_the_wait_doubles_up_to_a_bound() -> None:
    clock = TurnedClock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(FREE_FAILURES + 40):
        throttle.failed(b"a")
        waits.append(throttle.wait_s(b"a"))
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert set(waits[-30:]) == {WAIT_S_MAX}


def test_the_wait_runs_out_and_is_nobody_elses() -> None:
    clock = TurnedClock()
    throttle = Throttle(clock)
    failed(throttle, 20)
    assert throttle.wait_s(b"b") == 0
    clock.turn(WAIT_S_MAX - 1)
    assert throttle.wait_s(b"a") == 1
    clock.turn(1)
    assert throttle.wait_s(b"a") == 0


def test_a_time_of_day_that_is_set_changes_no_wait() -> None:
    clock = TurnedClock()
    throttle = Throttle(clock)
    failed(throttle, 20)
    clock.now_ms += 10**9
    assert throttle.wait_s(b"a") == WAIT_S_MAX
    clock.now_ms -= 2 * 10**9
    assert throttle.wait_s(b"a") == WAIT_S_MAX


def test_success_and_time_forget_failures() -> None:
    clock = TurnedClock()
    throttle = Throttle(clock)
    failed(throttle, 20)
    throttle.succeeded(b"a")
    assert throttle.wait_s(b"a") == 0
    failed(throttle, 20)
    clock.turn(FORGOTTEN_S)
    throttle.failed(b"a")
    assert throttle.wait_s(b"a") == 0


def test_many_addresses_take_no_more_memory_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_MAX", 10)
    throttle = Throttle(TurnedClock())
    failed(throttle, 20, b"first")
    for number in range(9):
        failed(throttle, 20, b"%d" % number)
    assert throttle.wait_s(b"first") > 0
    throttle.failed(b"one more")
    assert throttle.wait_s(b"first") == 0
    assert throttle.wait_s(b"8") > 0
