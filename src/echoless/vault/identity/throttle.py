"""Guessing is slowed: after a few failures each further attempt has to wait, longer and longer, but never for long.

Nobody is locked out for ever: whoever waits is let try again, at most half a minute later. An attempt that comes
too early is not looked at, and does not lengthen the wait. Held in memory, by digests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock

FREE_FAILURES: Final = 3
WAIT_S_MAX: Final = 30.0
FORGOTTEN_S: Final = 15 * 60
ENTRIES_MAX: Final = 50_000


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float


class Throttle:
    """Counts failures of each address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # In the order of the last failure.
        self._by_digest: dict[bytes, _Failures] = {}

    def wait_s(self, digest: bytes) -> float:
        """Return how long whoever tries now has to wait first; 0 where they need not."""
        failures = self._by_digest.get(digest)
        if failures is None:
            return 0.0
        since_s = self._clock.monotonic_s() - failures.last_s
        return max(0.0, _pause_s(failures.count) - since_s)

    def failed(self, digest: bytes) -> None:
        """Count a failure."""
        now_s = self._clock.monotonic_s()
        before = self._by_digest.pop(digest, None)
        is_fresh = before is not None and now_s - before.last_s < FORGOTTEN_S
        count = before.count + 1 if before is not None and is_fresh else 1
        self._by_digest[digest] = _Failures(count, now_s)
        if len(self._by_digest) > ENTRIES_MAX:
            del self._by_digest[next(iter(self._by_digest))]

    def succeeded(self, digest: bytes) -> None:
        """Forget the failures of whoever is in."""
        self._by_digest.pop(digest, None)


def _pause_s(count: int) -> float:
    return 0.0 if count < FREE_FAILURES else min(WAIT_S_MAX, float(2 ** min(count - FREE_FAILURES, 10)))
