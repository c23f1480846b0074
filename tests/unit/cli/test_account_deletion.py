"""`echoless workspace delete|keep|census`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.account_records import (
    Census,
    CertificateView,
    DeleteWorkspace,
    DeletionView,
    FindDeletion,
    GetCertificate,
    KeepWorkspace,
    TakeCensus,
)
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.crossing.query_records import Done
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_nothing_is_deleted_without_the_word_for_it(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {}) as door:
        result = run("workspace", "delete", "w" * 20)
    assert isinstance(result.exception, EcholessError)
    assert door.asked == []


@pytest.mark.claim("Z28")
def test_the_operator_deletes_a_workspace_and_gets_its_certificate(run: Run, tmp_path: Path) -> None:
    """S27: where no mail is configured this command does it; the certificate is alone on standard output."""
    answers = {
        DeleteWorkspace: DeletionView("d" * 20, "w" * 20, "waiting", 1),
        FindDeletion: DeletionView("d" * 20, "", "done", 0),
        GetCertificate: CertificateView("a.b.c"),
    }
    with running_server(tmp_path, answers) as door:
        result = run("workspace", "delete", "w" * 20, "--yes")
    assert result.stdout == "a.b.c\n"
    assert door.asked == [DeleteWorkspace("w" * 20), FindDeletion("d" * 20), GetCertificate("d" * 20)]


def test_whoever_does_not_wait_is_told_the_id(run: Run, tmp_path: Path) -> None:
    answers = {DeleteWorkspace: DeletionView("d" * 20, "w" * 20, "waiting", 1)}
    with running_server(tmp_path, answers) as door:
        result = run("workspace", "delete", "w" * 20, "--yes", "--no-wait")
    assert "d" * 20 in result.stderr
    assert len(door.asked) == 1


def test_a_deletion_is_taken_back(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {KeepWorkspace: Done()}) as door:
        assert run("workspace", "keep", "w" * 20).exit_code == 0
    assert door.asked == [KeepWorkspace("w" * 20)]


def test_a_census_shows_each_store_and_the_sum(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {TakeCensus: Census({"api_keys": 2, "history_items": 3}, 0)}):
        result = run("workspace", "census", "w" * 20)
    assert result.stdout == "api_keys\t2\nhistory_items\t3\nsum\t5\nrows and objects of nobody\t0\n"


@pytest.mark.claim("Z28")
def test_a_workspace_is_deleted_whole_while_no_server_runs(run: Run, tmp_path: Path) -> None:
    """The command opens the vault itself: before it returns everything is gone and the certificate holds."""
    with running_server(tmp_path, {CreateWorkspace: WorkspaceCreated("x", "y", "z")}):
        pass  # leaves the lock's file, as a server that was started once does
    first = run("workspace", "list").stdout.split("\t")[0]
    deleted = run("workspace", "delete", first, "--yes")
    assert deleted.exit_code == 0, deleted.exception
    file = tmp_path / "certificate.jws"
    file.write_text(deleted.stdout)
    verified = run("verify", "certificate", str(file))
    assert verified.exit_code == 0, verified.exception
    assert f"workspace_id\t{first}" in verified.stdout
    assert "destroyed: api_keys\t1" in verified.stdout
    census = run("workspace", "census", first).stdout
    assert "sum\t0\n" in census
    assert run("certificate", "list").stdout.strip() in verified.stdout
