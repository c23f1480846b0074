"""Receipts say of the wall what the vault sees itself, and no more than holds for every process of a kind (C8)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from echoless.confinement.observed import start_ticks
from echoless.crossing.receipt_records import ConfinementReport
from echoless.receipts.receipt import ProcessFacts
from echoless.vault.service.walls import Walls
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit


@pytest.fixture
def walls(clock: TurnedClock) -> Walls:
    return Walls("strict", clock)


@pytest.fixture
def other() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate()


def report(role: str, name: str, pid: int, ticks: int | None = None, **said: bool) -> ConfinementReport:
    return ConfinementReport(role, name, pid, start_ticks(pid) if ticks is None else ticks, said)  # type: ignore[arg-type]  # alive


def facts(walls: Walls, role: str) -> ProcessFacts:
    return next(facts for facts in walls.confinement().processes if facts.role == role)


def test_a_process_that_can_be_seen_is_told_as_seen(walls: Walls, other: int) -> None:
    walls.note(report("engine", "engine-0", other, landlock=True))
    seen = facts(walls, "engine")
    assert seen.seccomp_mode is not None
    assert (seen.has_no_new_privs, seen.swap_kib, seen.self_reported) == (False, 0, {"landlock": True})
    assert facts(walls, "vault").swap_kib == 0


def test_one_that_cannot_be_seen_leaves_nothing_to_say_of_its_kind(walls: Walls, other: int) -> None:
    walls.note(report("engine", "engine-0", other))
    walls.note(report("engine", "engine-1", os.getpid(), ticks=1))
    unseen = facts(walls, "engine")
    assert (unseen.seccomp_mode, unseen.has_no_new_privs, unseen.swap_kib) == (None, None, None)


def test_the_word_of_a_kind_is_that_of_its_weakest(walls: Walls, other: int) -> None:
    walls.note(report("engine", "engine-0", other, landlock=True, channels_closed=True))
    walls.note(report("engine", "engine-1", other, landlock=False))
    assert facts(walls, "engine").self_reported == {"channels_closed": False, "landlock": False}


def test_it_looks_again_after_five_seconds_or_a_new_process(walls: Walls, clock: TurnedClock, other: int) -> None:
    first = walls.confinement()
    assert walls.confinement() is first
    walls.note(report("engine", "engine-0", other))
    second = walls.confinement()
    assert len(second.processes) == len(first.processes) + 1
    clock.turn(5.1)
    assert walls.confinement() is not second


def test_what_the_host_does_not_say_is_told_as_unknown(walls: Walls) -> None:
    assert walls.confinement().is_init_on_free is None
    assert walls.confinement().assurance == "strict"


def test_each_process_is_shown_once_as_it_is_seen_now(walls: Walls, other: int) -> None:
    walls.note(report("engine", "engine-0", other, landlock=True))
    walls.note(report("engine", "engine-1", os.getpid(), ticks=1, landlock=True))
    walls.note(report("vault", "vault", os.getpid(), landlock=False))
    shown = {each.name: each for each in walls.processes()}
    assert [each.name for each in walls.processes()] == ["vault", "engine-0", "engine-1"]
    assert (shown["engine-0"].pid, shown["engine-0"].is_seen) == (other, True)
    assert (shown["engine-0"].has_no_new_privs, shown["engine-0"].self_reported) == (False, {"landlock": True})
    assert (shown["engine-1"].is_seen, shown["engine-1"].seccomp_mode) == (False, None)
    assert shown["vault"].self_reported == {}
