"""How many receipts were signed: in all, and within the last minute. Counts by mode, nothing of any request."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from echoless.core.clock import Clock
from echoless.receipts.receipt import Receipt
from echoless.retention.decision import RetentionMode

_MINUTE_S: Final = 60.0
_MODES: Final = tuple(mode.value for mode in RetentionMode)


class ReceiptPace:
    """Counts receipts as they are signed.

    signed:        by mode, since the start
    capsule_count: of those, how many say that a sealed diagnosis went out
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._batches: deque[tuple[float, dict[str, int]]] = deque()
        self.signed = dict.fromkeys(_MODES, 0)
        self.capsule_count = 0

    def note(self, receipts: Iterable[Receipt]) -> None:
        """Take note of a batch that was signed."""
        counts = dict.fromkeys(_MODES, 0)
        for receipt in receipts:
            counts[receipt.mode] += 1
            self.capsule_count += receipt.is_capsule
        for mode, count in counts.items():
            self.signed[mode] += count
        now_s = self._clock.monotonic_s()
        if self._batches and int(self._batches[-1][0]) == int(now_s):
            # One entry a second at most, however many batches: the minute has a bound.
            _, newest = self._batches[-1]
            counts = {mode: newest[mode] + count for mode, count in counts.items()}
            self._batches.pop()
        self._batches.append((now_s, counts))
        self._forget(now_s)

    def last_minute(self) -> dict[str, int]:
        """Return how many were signed within the last minute, by mode."""
        self._forget(self._clock.monotonic_s())
        return {mode: sum(counts[mode] for _, counts in self._batches) for mode in _MODES}

    def _forget(self, now_s: float) -> None:
        while self._batches and self._batches[0][0] <= now_s - _MINUTE_S:
            self._batches.popleft()
