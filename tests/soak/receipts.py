"""What receipts cost the requests: two servers take turns, one of a copy of the program that makes none."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from echoless.audit.altered.alteration import Alteration, Change
from echoless.audit.altered.installation import install_altered
from echoless.bench.measures import MP3, PCM, corpus, interleaved, median_ratio, server_side
from echoless.bench.options import BenchOptions
from echoless.core.server_process import ServerProcess

GOAL: Final = 0.97
_ROUNDS, _ROUNDS_QUICK = 12, 4
_NO_RECEIPTS: Final = Change(
    "vault/intake/receipting.py",
    "        if self.pending_count >= _WAITING_MAX:\n            self.lost_count += 1\n            return\n",
    "        return\n",
)


def with_and_without(
    directory: Path, progress: Callable[[str], None], say: Callable[[str], None], *, is_quick: bool
) -> bool:
    """Compare requests per second with receipts and without; return whether the goal is met in both formats."""
    options = BenchOptions(is_quick=is_quick)
    is_met = True
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(_server(directory, *one)) for one in (("with",), ("without", _NO_RECEIPTS))]
        texts = corpus(options)
        for output_format in (PCM, MP3):
            jobs = list(range(len(texts))) * (4 if output_format == PCM else 1)
            having, lacking = (
                server_side(server, texts, 8, output_format=output_format, jobs=jobs) for server in sides
            )
            rounds = _ROUNDS_QUICK if is_quick else _ROUNDS
            on, off = interleaved(having, lacking, rounds, partial(_show, progress, output_format))
            having.close()
            lacking.close()
            ratio = median_ratio(on, off)
            is_met = is_met and ratio >= GOAL
            say(
                f"{output_format}: with receipts {statistics.median(on):.1f} requests/s, without "
                f"{statistics.median(off):.1f}; median ratio of {rounds} turns {ratio:.3f}, goal {GOAL}"
            )
    return is_met


def _show(progress: Callable[[str], None], name: str, done: float) -> None:
    progress(f"{name}: {done:.0%}")


def _server(directory: Path, name: str, *alterations: Alteration) -> ServerProcess:
    place = directory / name
    place.mkdir()
    interpreter = install_altered(place / "program", alterations)
    return ServerProcess.start(place / "data", place / "output", interpreter=interpreter)
