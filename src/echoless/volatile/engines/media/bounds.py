"""What a media process may use, so that a hostile recording ends at most the process that decodes it.

The kernel keeps the bounds: memory beyond its own is refused to the process, and a job that computes for minutes
without looking at its links is ended with its process, which the supervisor replaces.
source: setrlimit(2), RLIMIT_DATA; setitimer(2), ITIMER_PROF
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from echoless.confinement.own_memory import OwnMemory

# What a library may do with one window of a recording at the most, and something for its own untidiness.
WORKING_BYTES: Final = 1024**3
STUCK_S: Final = 600.0
# Weights are often stored with fewer bits than they are computed with, and a window of sound widens on its way.
_ROOM_PER_MODEL_BYTE: Final = 6


def bound_memory(held_bytes_max: int, model_paths: Iterable[str] = (), working_bytes: int = WORKING_BYTES) -> int:
    """Refuse this process more memory than it has now, what it may hold twice over, and room to work.

    held_bytes_max: of a recording; a library below may copy what is held
    model_paths:    directories of models that are loaded later, each with room to work with it
    returns:        the bound in bytes
    """
    memory = OwnMemory()
    model_bytes = sum(_file_bytes(Path(path)) for path in model_paths)
    bound = memory.data_bytes + 2 * held_bytes_max + working_bytes + _ROOM_PER_MODEL_BYTE * model_bytes
    memory.close()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        bound = min(bound, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    return bound


def _file_bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def watchdog(stuck_s: float = STUCK_S) -> Callable[[], None]:
    """Return what must be called now and then: after so much CPU time without it the process ends by SIGPROF."""

    def alive() -> None:
        signal.setitimer(signal.ITIMER_PROF, stuck_s)

    return alive
