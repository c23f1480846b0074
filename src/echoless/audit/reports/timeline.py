"""When the steps of an audit began and ended, taken from what they say of their progress."""

from __future__ import annotations

import time
from collections.abc import Callable

from echoless.audit.reports.report import TimedStep

Progress = Callable[[str, float], None]


class Timeline:
    """Passes progress on, and notes the times.

    show:  who shows it to a person
    clock: seconds that only grow
    """

    def __init__(self, show: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._start_s = clock()
        self._times: dict[str, tuple[float, float]] = {}

    def step(self, name: str, fraction: float) -> None:
        """Note that a step is there; how far it is is only shown."""
        now_s = self._clock() - self._start_s
        began_s, _ = self._times.get(name, (now_s, now_s))
        self._times[name] = (began_s, now_s)
        self._show(name, fraction)

    def steps(self) -> list[TimedStep]:
        """Return the steps by their beginning; one that said only that it began ends where the next begins."""
        end_s = self._clock() - self._start_s
        rows = sorted(self._times.items(), key=lambda row: row[1][0])
        following = [began_s for _, (began_s, _) in rows[1:]] + [end_s]
        return [
            TimedStep(name, began_s, ended_s if ended_s > began_s else max(began_s, following_s))
            for (name, (began_s, ended_s)), following_s in zip(rows, following[: len(rows)], strict=True)
        ]
