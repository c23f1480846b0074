"""A bar for each step of a long command, on standard error and on a terminal only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID


class ProgressBars:
    """Takes steps by name, in any order, and their fractions."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def step(self, name: str, fraction: float) -> None:
        """Show how far a step is.

        fraction: 0 to 1
        """
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=1.0)
        self._progress.update(self._bars[name], completed=fraction)


@contextmanager
def progress_bars() -> Iterator[ProgressBars]:
    """Show bars for the length of a block, then take them away."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield ProgressBars(progress)
