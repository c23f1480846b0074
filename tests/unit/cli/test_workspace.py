"""`echoless workspace`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.workspace import standing_of
from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import (
    CreateWorkspace,
    ListWorkspaces,
    WorkspaceCreated,
    WorkspaceList,
    WorkspaceView,
)
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def view(**changes: object) -> WorkspaceView:
    usual: dict[str, object] = {
        "workspace_id": "ws1", "name": "Clinic", "tier": "enterprise", "is_entitled": True, "is_enforced": False,
        "is_restricted": False, "created_unix": 1_700_000_000, "key_count": 2, "history_item_count": 3,
        "character_count": 4,
    }  # fmt: skip
    return WorkspaceView(**(usual | changes))


def test_the_key_of_a_new_workspace_is_alone_on_standard_output(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {CreateWorkspace: WorkspaceCreated("ws2", "key2", "sk_secret")}) as door:
        result = run("workspace", "create", "Bank", "--tier", "enterprise")
    assert result.exit_code == 0
    assert result.stdout == "sk_secret\n"
    assert "ws2" in result.stderr
    question = door.asked[0]
    assert isinstance(question, CreateWorkspace)
    assert (question.name, question.tier, question.is_entitled) == ("Bank", "enterprise", True)


@pytest.mark.parametrize(("words", "is_entitled"), [(["pro"], False), (["enterprise", "--not-entitled"], False)])
def test_only_enterprise_workspaces_are_entitled(
    run: Run, tmp_path: Path, words: list[str], is_entitled: bool
) -> None:
    with running_server(tmp_path, {CreateWorkspace: WorkspaceCreated("ws2", "key2", "sk_secret")}) as door:
        assert run("workspace", "create", "Bank", "--tier", *words).exit_code == 0
    question = door.asked[0]
    assert isinstance(question, CreateWorkspace)
    assert question.is_entitled is is_entitled


def test_an_entitled_free_workspace_is_refused_before_anybody_is_asked(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {}) as door:
        result = run("workspace", "create", "Bank", "--tier", "free", "--entitled")
    assert isinstance(result.exception, EcholessError)
    assert door.asked == []


def test_workspaces_are_listed_and_shown(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {ListWorkspaces: WorkspaceList([view()])}):
        listed = run("workspace", "list").stdout
        shown = run("workspace", "show", "ws1").stdout
        unknown = run("workspace", "show", "ws9")
    assert listed == "ws1\tClinic\tenterprise\tentitled\t2\t3\t4\n"
    assert "created\t2023-11-14 22:13 UTC" in shown
    assert isinstance(unknown.exception, EcholessError)


def test_standing_says_what_stops_zero_retention() -> None:
    assert standing_of(view()) == "entitled"
    assert standing_of(view(is_enforced=True)) == "enforced"
    assert standing_of(view(is_entitled=False)) == "not entitled"
    assert standing_of(view(is_restricted=True, is_enforced=True)) == "restricted"
