"""A process that lacks a part of its wall fails the audit by its role (C20, C36, C57)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts import wall
from echoless.audit.parts.wall import check_wall
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.wall_facts import WallFacts
from echoless.core.processes import ProcessIdentity
from echoless.crossing.records import Record

pytestmark = pytest.mark.unit
ROLES = ("supervisor", "vault", "engine", "gateway")
SOUND = WallFacts(ProcessIdentity(1, 1, "engine"), True, True, True, 0, False)


def _unasked(_directory: Path, _record: Record) -> Record:
    raise AssertionError


def _facts(role: str) -> WallFacts:
    """A sound process; supervisor and vault write files."""
    is_free = role in {"supervisor", "vault"}
    return replace(
        SOUND, process=ProcessIdentity(1, 1, role), has_size_limit=not is_free, is_filtered=role != "supervisor"
    )


def _row(role: str, **changed: object) -> str:
    row = {"process": f"{role}-0", "event": "confined", "has_seccomp": True, "missing_count": 0, "landlock_abi": 7}
    return json.dumps(row | changed)


def _failed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    facts: list[WallFacts],
    output: str = "",
    *,
    is_view: bool = False,
) -> dict[str, str]:
    family = tuple(fact.process for fact in facts)
    monkeypatch.setattr(wall, "wall_facts", lambda _family: facts)
    monkeypatch.setattr(wall, "is_audit_view", lambda _directory: is_view)
    monkeypatch.setattr(Scene, "family", lambda _self: family)
    (tmp_path / "output").write_text("Echoless serves\n" + output)
    server = RunningServer("http://127.0.0.1:9", tmp_path, "key", os.getpid())
    scene = Scene(
        AuditOptions(_unasked, server=server), server, CanaryMint(), AuditReport(),
        outputs=[tmp_path / "output"] if output else [],
    )  # fmt: skip
    check_wall(scene)
    return {check.name: check.detail for check in scene.report.checks if not check.is_passed}


def test_a_sound_family_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = "\n".join(_row(role) for role in ("engine", "gateway"))
    assert _failed(tmp_path, monkeypatch, [_facts(role) for role in ROLES], output) == {}


@pytest.mark.parametrize(
    ("role", "change", "what"),
    [
        ("engine", {"is_filtered": False}, "engine has no filter"),
        ("vault", {"is_filtered": False}, "vault has no filter"),
        ("supervisor", {"has_core_limit": False}, "supervisor has no core limit"),
        ("gateway", {"has_size_limit": False}, "gateway has no limit on files"),
        ("vault", {"swap_kib": 4}, "vault has no memory kept from swap"),
    ],
)
def test_what_one_process_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, change: dict[str, object], what: str
) -> None:
    facts = [replace(_facts(each), **(change if each == role else {})) for each in ROLES]
    assert _failed(tmp_path, monkeypatch, facts) == {"the wall from outside": what}


@pytest.mark.parametrize(("is_readable", "what"), [(True, "can be read"), (None, "could not be tried")])
def test_a_process_that_others_can_read_is_named_but_in_an_audit_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_readable: bool | None, what: str
) -> None:
    facts = [replace(_facts(each), is_readable=is_readable if each == "vault" else False) for each in ROLES]
    failed = _failed(tmp_path, monkeypatch, facts)
    assert failed == {"its user's other processes may not look inside": f"vault {what}"}
    assert _failed(tmp_path, monkeypatch, facts, is_view=True) == {}


def test_a_family_without_its_parts_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "the wall from outside" in _failed(tmp_path, monkeypatch, [_facts("supervisor"), _facts("engine")])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (_row("gateway", has_seccomp=False), "not whole: gateway-0"),
        (_row("gateway", missing_count=1), "not whole: gateway-0"),
        ("", "silent: gateway"),
    ],
)
def test_a_process_that_admits_a_hole_or_says_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, what: str
) -> None:
    output = f"{_row('engine')}\n{row}"
    failed = _failed(tmp_path, monkeypatch, [_facts(role) for role in ROLES], output)
    assert what in failed["the wall in their own words"]
