"""The machine's clocks."""

from __future__ import annotations

import time

import pytest

from echoless.core.clock import SystemClock

pytestmark = pytest.mark.unit


def test_wall_time_is_in_milliseconds_and_monotonic_time_in_seconds() -> None:
    clock = SystemClock()
    assert abs(clock.unix_ms() - time.time() * 1000) < 1000
    first = clock.monotonic_s()
    assert clock.monotonic_s() >= first
