"""The time by which something may be deleted: the clock's, unless the clock has just jumped ahead.

A clock that is set to next year by mistake would delete a year's worth too early, and setting it back brings
nothing back. So a jump ahead, seen against the monotonic clock, counts only after it has held for an hour. A clock
that goes back counts at once: later is always safe. At the start there is nothing to compare with and the clock is
believed, since a server that was off for a year has a year to catch up with.
"""

from __future__ import annotations

from typing import Final

from echoless.core.clock import Clock

TOLERANCE_MS: Final = 10 * 60 * 1000
HOLD_S: Final = 3600.0


class SteadyClock:
    """Says how late it is at least."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall_ms, self._seen_s = 0, 0.0
        self._jumped_s: float | None = None
        self._believe()

    def unix_ms(self) -> int:
        """Return the time that deletions may go by, in milliseconds since the epoch."""
        wall_ms, now_s = self._clock.unix_ms(), self._clock.monotonic_s()
        expected_ms = self._wall_ms + int((now_s - self._seen_s) * 1000)
        if wall_ms <= expected_ms + TOLERANCE_MS:
            self._believe()
            return wall_ms
        if self._jumped_s is None:
            self._jumped_s = now_s
        if now_s - self._jumped_s >= HOLD_S:
            self._believe()
            return wall_ms
        return expected_ms

    def monotonic_s(self) -> float:
        """Return seconds on the clock that never goes back."""
        return self._clock.monotonic_s()

    def _believe(self) -> None:
        self._wall_ms, self._seen_s = self._clock.unix_ms(), self._clock.monotonic_s()
        self._jumped_s = None
