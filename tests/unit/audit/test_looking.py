"""What is found where nothing may be fails the audit, and what cannot be looked at fails it too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.looking import Files, is_in_memory, look_into_memory, view_of
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.reports.report import AuditReport, View
from echoless.audit.search.needles import text_needles
from echoless.audit.search.planted_process import PlantedProcess
from tests.unit.audit.conftest import nobody

pytestmark = pytest.mark.unit
WORD = "xeqozwuvib"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A server that is a process with a word and a text among its arguments."""
    (tmp_path / "data").mkdir()
    mint = CanaryMint()
    with PlantedProcess.started(WORD, mint.plain("held", 40, is_kept=False).text) as process:
        server = RunningServer("http://127.0.0.1:1", tmp_path / "data", "k", process.pid)
        yield Scene(AuditOptions(nobody), server, mint, AuditReport(view=View.ROOT))


def test_a_word_in_memory_fails_unless_it_is_kept(scene: Scene) -> None:
    (held,) = scene.mint.canaries
    needles = text_needles([held])
    look_into_memory(scene, "memory", needles, frozenset())
    look_into_memory(scene, "memory, kept", needles, frozenset({"held"}))
    assert [check.is_passed for check in scene.report.checks] == [False, True]
    assert any(row.zero_copies for row in scene.report.searched)
    assert any(row.kept_copies for row in scene.report.searched)
    assert all(row.kind == "memory" and row.byte_count > 1_000_000 for row in scene.report.searched)
    assert held.words[0] not in scene.report.as_json()


def test_memory_that_cannot_be_seen_fails(scene: Scene) -> None:
    scene.report.view = View.NONE
    look_into_memory(scene, "memory", text_needles([scene.mint.plain("x", 20, is_kept=False)]), frozenset())
    assert not scene.report.is_passed


def test_a_word_is_taken_where_it_stands_in_memory(scene: Scene) -> None:
    assert is_in_memory(scene, WORD)
    assert not is_in_memory(scene, WORD[::2])
    gone = replace(scene, server=replace(scene.server, supervisor_pid=2**22 + 1))
    assert not is_in_memory(gone, WORD)


def test_the_view_is_that_of_whoever_looks(scene: Scene) -> None:
    needles = text_needles([scene.mint.plain("x", 20, is_kept=False)])
    assert view_of(scene, needles) is View.ROOT


@pytest.mark.parametrize("place", ["data", "output", "shared"])
def test_a_word_in_a_file_fails_with_its_place(scene: Scene, tmp_path: Path, place: str) -> None:
    shared, output = tmp_path / "shared", tmp_path / "captured" / "output"
    for folder in (shared, output.parent):
        folder.mkdir()
    output.write_bytes(b"said nothing")
    canary = scene.mint.plain("planted", 30, is_kept=False)
    files = Files.before((shared,))
    target = {"data": tmp_path / "data" / "file", "output": output, "shared": shared / "file"}[place]
    target.write_text(canary.text)
    files.look(replace(scene, outputs=(output,), needles=text_needles([canary])))
    name = {"data": "data directory", "output": "captured output", "shared": "temporary places"}[place]
    assert [check.name for check in scene.report.checks if not check.is_passed] == [name]
    assert {finding.where for finding in scene.report.findings} == {f"{name}: {target}"}
    assert sum(finding.count for finding in scene.report.findings) == len(canary.words)
