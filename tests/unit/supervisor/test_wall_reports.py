"""The vault is told which process serves where: each once, the newest of a place, and everything to a new vault."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest

from echoless.confinement.observed import start_ticks
from echoless.crossing.control import ProcessReady
from echoless.crossing.receipt_records import ConfinementReport
from echoless.supervisor.children import Child
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.wall_reports import WallReports, report_of

pytestmark = pytest.mark.unit


def report(name: str, pid: int) -> ConfinementReport:
    return ConfinementReport("gateway", name, pid, 1, {})


def test_a_vault_is_told_of_each_process_once() -> None:
    walls = WallReports()
    walls.note(report("gateway-0", 1))
    assert walls.due(None) == []
    assert walls.due(7) == [report("gateway-0", 1)]
    assert walls.due(7) == []


def test_a_successor_takes_the_place_of_the_one_before() -> None:
    walls = WallReports()
    walls.note(report("gateway-0", 1))
    walls.due(7)
    walls.note(report("gateway-0", 2))
    walls.note(report("gateway-1", 3))
    assert walls.due(7) == [report("gateway-0", 2), report("gateway-1", 3)]


def test_a_new_vault_is_told_everything() -> None:
    walls = WallReports()
    for number in range(3):
        walls.note(report(f"gateway-{number}", number))
    assert len(walls.due(7)) == 3
    assert walls.due(None) == []
    assert len(walls.due(8)) == 3


@pytest.mark.parametrize(
    ("missing", "layers", "said"),
    [
        ([], {"file": ["seccomp", "landlock"]}, (True, True, True)),
        (["landlock_absent"], {"file": ["seccomp"]}, (False, True, True)),
        (["allocator_profile_off"], {"file": ["landlock"]}, (True, False, True)),
        (["channel_open:xattr"], {"file": ["landlock"]}, (True, True, False)),
        (["single_layer:file"], {"file": ["seccomp"]}, (False, True, False)),
    ],
)
def test_what_a_process_lacks_is_not_reported_as_there(
    missing: list[str], layers: dict[str, list[str]], said: tuple[bool, bool, bool]
) -> None:
    child: Any = SimpleNamespace(slot=Slot(Role.ENGINE, 0), pid=os.getpid())
    made = report_of(cast(Child, child), ProcessReady("engine-0", missing, layers))
    assert (made.role, made.name, made.pid, made.start_ticks) == (
        "engine", "engine-0", os.getpid(), start_ticks(os.getpid()),
    )  # fmt: skip
    words = made.self_reported
    assert (words["landlock"], words["allocator_overwrites"], words["channels_closed"]) == said
