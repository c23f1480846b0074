"""What a laboratory's server notes of itself: searches of nothing prove nothing."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.lab_server import Held, Lab, LabServer, lab_of, may_read_any_memory, named, until
from echoless.audit.options import AuditOptions
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.needles import text_needles
from echoless.cli.operator_door import ask_running
from echoless.core.processes import ProcessIdentity

pytestmark = pytest.mark.unit


def lab_server(place: Path) -> LabServer:
    lab = Lab(AuditOptions(ask_running, scrub_deadline_s=0.0), AuditReport(), place, CanaryMint(seed=1))
    folder = place / "served"
    (folder / "data").mkdir(parents=True)
    output = folder / "output-0"
    output.write_text("nothing of note\n")
    return LabServer(lab, "served", folder, (), {}, [output])


def test_files_are_searched_with_all_that_stands_beside_the_data(tmp_path: Path) -> None:
    server = lab_server(tmp_path)
    canary = server.lab.mint.plain("kept/text", 60, is_kept=True)
    server.watch_new()
    (server.data_directory / "rows").write_bytes(b"sealed")
    server.search_files("at first")
    assert server.lab.report.is_passed
    (server.folder / "data-backups").mkdir()
    (server.folder / "data-backups/archive").write_text(canary.text)
    server.search_files("then")
    failed = [check.name for check in server.lab.report.checks if not check.is_passed]
    assert failed == ["then: data-backups"]
    assert {finding.canary for finding in server.lab.report.findings} == {"kept/text"}
    assert canary.words[0] not in server.lab.report.as_json()


def test_a_search_that_read_no_file_has_failed(tmp_path: Path) -> None:
    server = lab_server(tmp_path)
    server.lab.mint.plain("zero/text", 60, is_kept=False)
    server.watch_new()
    server.search_files("of an empty folder")
    assert [check.is_passed for check in server.lab.report.checks] == [False, True]


@pytest.mark.parametrize("is_kept", [True, False])
def test_only_what_must_be_nowhere_is_a_leak_in_memory(tmp_path: Path, is_kept: bool) -> None:
    """This very process holds the words, so they are found."""
    server = lab_server(tmp_path)
    canary = server.lab.mint.plain("text", 60, is_kept=is_kept)
    held = canary.text.encode()
    server.watch(Held(text_needles([canary]), frozenset({"text"} if is_kept else ())))
    server.search_memory("memory", "C32", among=[ProcessIdentity(os.getpid(), 0, "gateway")])
    (check,) = server.lab.report.checks
    assert held
    assert (check.is_passed, check.proves) == (is_kept, ("C32",))


def test_memory_that_cannot_be_read_fails_the_check(tmp_path: Path) -> None:
    server = lab_server(tmp_path)
    server.lab.mint.plain("text", 60, is_kept=False)
    server.watch_new()
    server.search_memory("memory", among=[ProcessIdentity(2**22 + 1, 0, "gateway")])
    assert not server.lab.report.is_passed


def test_the_folder_of_a_laboratory_goes_with_it() -> None:
    with lab_of(AuditOptions(ask_running), AuditReport()) as lab:
        assert lab.place.is_dir()
        (lab.place / "data").mkdir()
    assert not lab.place.exists()


def test_a_wait_ends_with_its_condition_or_with_its_time() -> None:
    answers = iter([False, True])
    assert until(lambda: next(answers), 5.0)
    assert not until(lambda: False, 0.0)


def test_owners_are_named_but_not_all() -> None:
    assert named([]) == ""
    assert named(list("abcdefg")) == "; found: a, b, c, d, e ..."


def test_root_may_read_any_memory() -> None:
    if os.geteuid() == 0:
        assert isinstance(may_read_any_memory(), bool)
    else:
        assert not may_read_any_memory()


def test_the_server_that_was_restored_seals_else_the_last_one_and_nobody_where_there_was_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives: list[tuple[str, str]] = []
    monkeypatch.setattr(LabServer, "start", lambda self: lives.append((self.name, "start")))
    monkeypatch.setattr(LabServer, "stop", lambda self: lives.append((self.name, "stop")))
    server = lab_server(tmp_path)
    lab = server.lab
    assert lab.sealing_vault() is None
    lab.servers += [dataclasses.replace(server, name=name) for name in ("first", "second", "third")]
    for chosen in ("third", "second"):
        vault = lab.sealing_vault()
        assert vault is not None
        with vault as ask:
            assert ask.__self__.name == chosen  # type: ignore[attr-defined]  # a method of the server
            assert lives == [(chosen, "start")]
        assert lives.pop() == (chosen, "stop")
        lives.clear()
        lab.servers[1].is_restored = True


def test_a_server_whose_disk_is_gone_seals_nothing_and_its_data_lay_there(tmp_path: Path) -> None:
    server = lab_server(tmp_path)
    disk = tmp_path / "served" / "place"
    ordinary = dataclasses.replace(server, disk=disk, why_no_disk="mounting takes root")
    mounted = dataclasses.replace(server, disk=disk)
    assert (server.own_disk, ordinary.own_disk, mounted.own_disk) == (None, None, disk)
    assert server.data_directory == tmp_path / "served" / "data"
    assert ordinary.data_directory == mounted.data_directory == disk / "data"
    server.lab.servers.append(mounted)
    assert server.lab.sealing_vault() is None
    server.lab.servers.insert(0, ordinary)
    assert server.lab.sealing_vault() is not None
