"""Each search finds what the audit plants for it, and one that is blind fails the audit (C34)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts import search_controls
from echoless.audit.parts.search_controls import CONTROLS, check_searches
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.finder import Finder
from echoless.crossing.records import Record

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z37")]


def _unasked(_directory: Path, _record: Record) -> Record:
    raise AssertionError


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    server = RunningServer("http://127.0.0.1:9", tmp_path, "key")
    return Scene(AuditOptions(_unasked), server, CanaryMint(), AuditReport())


def test_every_search_finds_what_is_planted_for_it(scene: Scene) -> None:
    check_searches(scene)
    assert [check.name for check in scene.report.checks if not check.is_passed] == []
    assert len(scene.report.checks) == len(CONTROLS)
    if os.geteuid() == 0:
        untried = [check for check in scene.report.checks if "found in" not in check.detail]
        assert untried == []


def test_blind_searches_fail_by_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Finder, "find", lambda *_: iter(()))
    check_searches(scene)
    blind = {check.name for check in scene.report.checks if not check.is_passed}
    assert {"control: a word in memory is found", "control: a word in a database is found"} <= blind
    # Without a file system of its own and packets, which are root's, there are two less.
    assert len(blind) >= 8


def test_a_watch_that_sees_nothing_fails_by_name(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for watch in ("FileWatch", "FamilyWatch", "DescriptorWatch"):
        kind = getattr(search_controls, watch)
        monkeypatch.setattr(kind, "look", lambda *_: None)
        monkeypatch.setattr(kind, "take", lambda *_: None)
    check_searches(scene)
    blind = {check.name for check in scene.report.checks if not check.is_passed}
    assert "control: a file open for writing is found" in blind
    if os.geteuid() == 0:
        assert blind >= {"control: a file of a moment is found", "control: a program of a moment is found"}
