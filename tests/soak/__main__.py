"""The long trials that are no part of the tests: storms of kills, and thousands of requests.

Ends with 0 only when nothing was lost, nothing was kept that must not be, nothing stayed open, and memory was flat.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.fakes.running_server import running_server
from tests.soak.flat_memory import MIB, flat_memory
from tests.soak.storm import FLAGS, Report, Storm, plan

_GROWTH_BYTES_MAX: Final = 8 * MIB
# Kills of any role, of the vault, of the supervisor; requests to warm up with, and requests that are measured.
_LONG: Final = (30, 20, 10, 1000, 10_000)
_QUICK: Final = (4, 3, 2, 200, 500)
# A kill that came too early or too late for every commit is made again, within a bound.
_EXTRA_KILLS_MAX: Final = 30


class Screen:
    """One line that is written anew on a terminal, or a line now and then elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._began_s = self._said_s = time.monotonic()

    def progress(self, text: str) -> None:
        """Show how far it is."""
        now_s = time.monotonic()
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{now_s - self._began_s:6.0f} s  {text}")
        elif now_s - self._said_s >= 10:
            self._said_s = now_s
            sys.stderr.write(f"{now_s - self._began_s:6.0f} s  {text}\n")
        sys.stderr.flush()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        sys.stderr.write("\r\x1b[K" if self._is_terminal else "")
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def storm(directory: Path, counts: tuple[int, int, int], seed: int, screen: Screen) -> bool:
    """Run the storm; say what it found."""
    roles = plan(*counts, seed)
    trial = Storm(directory, seed)

    def progress(role: str, report: Report) -> None:
        done = sum(report.kills.values())
        screen.progress(f"kill {done} of {len(roles)} ({role}), {report.whole_kept_count} kept responses whole")

    try:
        trial.run(roles, progress)
        for _ in range(_EXTRA_KILLS_MAX):
            if trial.report.aimed_count >= len(roles):
                break
            trial.run(["vault"], progress)
    finally:
        trial.close()
    return _tell_storm(trial.report, len(roles), screen)


def _tell_storm(report: Report, wanted_count: int, screen: Screen) -> bool:
    kills = ", ".join(f"{count} {role}" for role, count in sorted(report.kills.items()))
    screen.say(f"kills: {kills}; {report.aimed_count} of them within 25 ms of a commit")
    screen.say(
        f"responses: {report.whole_kept_count} kept and whole, {report.whole_zero_count} zero and whole, "
        f"{report.cut_count} cut or refused, {report.cut_at_commit_count} of them at their commit"
    )
    screen.say(f"longest recovery: {report.recovery_s_max:.1f} s")
    for problem in report.problems:
        screen.say(f"PROBLEM: {problem}")
    if report.aimed_count < wanted_count:
        screen.say(f"PROBLEM: only {report.aimed_count} of {wanted_count} kills were near a commit")
    return not report.problems and report.aimed_count >= wanted_count


def memory(directory: Path, warm_up_count: int, count: int, screen: Screen) -> bool:
    """Run the long row of requests; say how memory grew."""
    with running_server(directory, *FLAGS) as server:
        grown = flat_memory(
            server, warm_up_count, count, lambda done: screen.progress(f"request {done} of {count}")
        )
    is_flat = True
    for each in grown:
        is_flat = is_flat and each.grown_bytes <= _GROWTH_BYTES_MAX
        screen.say(
            f"{each.role:10} {each.before_bytes / MIB:7.1f} MiB before, {each.after_bytes / MIB:7.1f} MiB after "
            f"{count} zero-retention requests"
        )
    if not is_flat:
        screen.say(f"PROBLEM: a process grew by more than {_GROWTH_BYTES_MAX // MIB} MiB")
    return is_flat


def main() -> int:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(prog="script/soak", description="Long trials: storms of kills, flat memory.")
    parser.add_argument("--only", choices=["storm", "memory"], help="one of the two")
    parser.add_argument("--quick", action="store_true", help="a shortened form, under two minutes")
    parser.add_argument("--seed", type=int, default=1, help="seed of the storm's chances")
    chosen = parser.parse_args()
    what = [chosen.only] if chosen.only else ["storm", "memory"]
    any_count, vault_count, supervisor_count, warm_up_count, count = _QUICK if chosen.quick else _LONG
    screen = Screen()
    is_good = True
    with tempfile.TemporaryDirectory(prefix="echoless-soak-") as name:
        if "storm" in what:
            counts = (any_count, vault_count, supervisor_count)
            is_good = storm(Path(name, "storm"), counts, chosen.seed, screen) and is_good
        if "memory" in what:
            is_good = memory(Path(name, "memory"), warm_up_count, count, screen) and is_good
    screen.say("all well" if is_good else "NOT WELL")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
