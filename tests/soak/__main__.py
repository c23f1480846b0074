"""The long trials that are no part of the tests: a storm of kills, kills of the vault alone, a long audit; and, on
demand, audits of the audit: clean ones in a row, every planted leak alone, and every protection switched off; and
what receipts cost.

Ends with 0 only when nothing was lost, nothing was kept that must not be, nothing stayed open, memory was flat and
nothing was found in it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from echoless.crossing.control import StoreAccess
from tests.fakes.store_servers import Cluster, S3Server, migrated_template, stores_on_servers
from tests.soak.audits import clean_audits, mutations, planted_leaks
from tests.soak.kills import Findings, Kills
from tests.soak.receipts import with_and_without
from tests.soak.storm import Report, Storm, plan

# Kills of any role, of the vault, of the supervisor; then requests in a row.
_LONG: Final = (30, 20, 10, 10_000)
_QUICK: Final = (4, 3, 2, 1000)
# Of the vault alone, on each pair of stores.
_KILLS: Final = 100
_KILLS_QUICK: Final = 5
_UNASKED: Final = ("storm", "kills", "audit")
_AUDIT_TIMEOUT_S: Final = 3600.0
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


def kills(directory: Path, count: int, seed: int, screen: Screen) -> bool:
    """Kill the vault alone, on both pairs of stores; say what that found."""
    is_good = True
    with Cluster() as cluster, S3Server() as s3_server:
        for name in ("sqlite-files", "postgresql-s3"):
            place = directory / name
            place.mkdir()
            stores = StoreAccess()
            if name == "postgresql-s3":
                stores = stores_on_servers(place / "data", cluster, s3_server, migrated_template(cluster))

            def progress(found: Findings, name: str = name) -> None:
                screen.progress(f"{name}: kill {found.kill_count} of {count}, {found.acknowledged_count} items")

            found = asyncio.run(Kills(place, stores, random.Random(seed)).run(count, progress))
            screen.say(
                f"{name}: {found.kill_count} kills of the vault, {found.acknowledged_count} items acknowledged, "
                f"{found.deleted_count} deleted, {found.account_count} accounts deleted"
            )
            for problem in found.problems:
                screen.say(f"PROBLEM: {problem}")
            is_good = is_good and not found.problems
    return is_good


def audit(request_count: int, screen: Screen) -> bool:
    """Run the audit with its long row of requests, under which memory must stay flat."""
    screen.say(f"the audit, with {request_count} zero-retention requests in a row")
    command = [sys.executable, "-m", "echoless", "audit", "--soak", str(request_count)]
    return subprocess.run(command, timeout=_AUDIT_TIMEOUT_S).returncode == 0


def main() -> int:
    """Read the command line and run what it asks for."""
    parser = argparse.ArgumentParser(
        prog="script/soak", description="Long trials: a storm of kills, the long audit."
    )
    trials = [*_UNASKED, "audits", "leaks", "mutations", "receipts"]
    parser.add_argument("--only", choices=trials, help="one of them; the last four are run on demand only")
    parser.add_argument("--count", type=int, default=20, help="how many clean audits")
    parser.add_argument("--quick", action="store_true", help="a shortened form, about two minutes")
    parser.add_argument("--seed", type=int, default=1, help="seed of the storm's chances")
    chosen = parser.parse_args()
    what = [chosen.only] if chosen.only else [*_UNASKED]
    any_count, vault_count, supervisor_count, request_count = _QUICK if chosen.quick else _LONG
    screen = Screen()
    is_good = True
    with tempfile.TemporaryDirectory(prefix="echoless-soak-") as name:
        if "storm" in what:
            counts = (any_count, vault_count, supervisor_count)
            is_good = storm(Path(name), counts, chosen.seed, screen)
        if "kills" in what:
            count = _KILLS_QUICK if chosen.quick else _KILLS
            is_good = kills(Path(name), count, chosen.seed, screen) and is_good
        if "receipts" in what:
            is_met = with_and_without(Path(name), screen.progress, screen.say, is_quick=chosen.quick)
            is_good = is_met and is_good
    if "audit" in what:
        is_good = audit(request_count, screen) and is_good
    if "audits" in what:
        is_good = clean_audits(chosen.count, screen.progress, screen.say, is_quick=chosen.quick) and is_good
    if "leaks" in what:
        is_good = planted_leaks(screen.progress, screen.say, one_by_one=not chosen.quick) and is_good
    if "mutations" in what:
        is_good = mutations(screen.progress, screen.say) and is_good
    screen.say("all well" if is_good else "NOT WELL")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
