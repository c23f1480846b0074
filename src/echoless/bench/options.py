"""What a benchmark is asked to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Progress = Callable[[str, float], None]
"""Takes the name of a step and the fraction of it that is done."""


def silent(step: str, fraction: float) -> None:
    """Show no progress."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """How to measure.

    is_quick:     a shortened form: the same figures from fewer samples
    engine_count: engine processes of the server, and bare processes
    only:         names of the measures to take; empty for all
    flags:        more words for `echoless serve`
    """

    is_quick: bool = False
    engine_count: int = field(default_factory=usable_cores)
    json_path: Path | None = None
    png_path: Path | None = None
    only: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    progress: Progress = silent

    def wants(self, name: str) -> bool:
        """Whether a measure is to be taken."""
        return not self.only or name in self.only

    def scaled(self, count: int, quick_count: int) -> int:
        """Return how often to do something."""
        return quick_count if self.is_quick else count
