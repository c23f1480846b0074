"""Whatever is found in one of the places fails the audit, with the place named (C16, C20)."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts import places
from echoless.audit.parts.places import check_places, note, watch_places
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.needles import text_needles
from echoless.audit.search.places import PlaceHit, PlaceScan
from echoless.audit.search.planted_process import PlantedProcess
from echoless.crossing.records import Record

pytestmark = pytest.mark.unit
FOUND = PlaceScan("a place", "a kind", 1, 2, (PlaceHit("there", "utf-8", "it"),), (), 0.1)
UNSEARCHED = PlaceScan("a place", "a kind", 1, 2, (), ("a thing: a reason",), 0.1)


def _unasked(_directory: Path, _record: Record) -> Record:
    raise AssertionError


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """This process as the server, with an empty data directory, and no other place to search."""
    data, temporary = tmp_path / "data", tmp_path / "temporary"
    data.mkdir()
    temporary.mkdir()
    monkeypatch.setattr(places, "SHARED_PLACES", (temporary,))
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(temporary))
    mint = CanaryMint()
    mint.plain("it", 40, is_kept=False)
    server = RunningServer("http://127.0.0.1:9", data, "key", os.getpid())
    return Scene(
        AuditOptions(_unasked), server, mint, AuditReport(),
        needles=text_needles(mint.canaries), began_unix_s=time.time() - 1,
    )  # fmt: skip


def _failed(scene: Scene) -> dict[str, str]:
    return {check.name: check.detail for check in scene.report.checks if not check.is_passed}


def test_nothing_is_found_where_nothing_is(scene: Scene) -> None:
    with PlantedProcess.started() as alone, watch_places(scene):
        # This process may have servers for children, which hide from their user.
        scene = replace(scene, server=replace(scene.server, supervisor_pid=alone.pid))
        check_places(scene)
    assert _failed(scene) == {}
    assert {row.kind for row in scene.report.searched} >= {"processes", "kernel objects", "names and attributes"}


def test_each_place_fails_by_its_name(scene: Scene, tmp_path: Path) -> None:
    word = scene.mint.canaries[0].words[0]
    (tmp_path / "temporary" / word).touch()
    os.setxattr(tmp_path / "data", "user.a", word.encode())
    held = os.memfd_create(word)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("\0" + word)
        check_places(scene)
    os.close(held)
    failed = _failed(scene)
    assert set(failed) >= {
        "processes", "kernel objects", "names in the data directory", "names in temporary places",
    }  # fmt: skip
    assert "name of an open file" in failed["processes"]
    assert word not in "".join(failed.values()) + scene.report.as_json()


@pytest.mark.skipif(os.geteuid() != 0, reason="keys of others are shown to root")
def test_a_new_key_is_opened(scene: Scene) -> None:
    from tests.unit.audit.search.test_kernel_objects import added_key

    with watch_places(scene), added_key(scene.mint.canaries[0].words[0].encode()):
        check_places(scene)
        assert "kernel objects" not in _failed(scene), "what may be another's was opened"
        with watch_places(scene):
            pass
        assert "new kernel objects" not in _failed(scene), "it was there before this watch"
        places_before = set(_failed(scene))
    assert set(_failed(scene)) == places_before, "the key was gone when the outer watch ended"


def test_where_nothing_was_planted_nothing_is_said_to_be_clean(scene: Scene) -> None:
    check_places(Scene(scene.options, scene.server, CanaryMint(), scene.report))
    assert scene.report.checks == []


def test_copies_fail_and_are_counted_by_whether_they_are_kept(scene: Scene) -> None:
    note(scene, FOUND, "C1")
    assert _failed(scene) == {"a place": "1 canaries in 1 items, 2 bytes; found in: there"}
    (row,) = scene.report.searched
    assert (row.zero_copies, row.kept_copies) == (1, 0)
    assert [finding.where for finding in scene.report.findings] == ["there"]
    assert scene.report.checks[0].proves == ("C1",)


def test_what_must_be_searched_whole_fails_where_it_was_not(scene: Scene) -> None:
    note(scene, UNSEARCHED, name="in part")
    note(scene, UNSEARCHED, name="whole", is_whole=True)
    assert set(_failed(scene)) == {"whole"}
    assert all("not searched: a thing: a reason" in check.detail for check in scene.report.checks)


def test_where_nothing_could_be_searched_nothing_is_proved(scene: Scene) -> None:
    note(scene, PlaceScan("a place", "a kind", 0, 0, (), ("it: a reason",), 0.1), "C1")
    (check,) = scene.report.checks
    assert (check.proves, check.detail) == ((), "NOT SEARCHED here: it: a reason")
