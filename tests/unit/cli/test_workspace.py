"""`echoless workspace`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.workspace import standing_of
from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import (
    CreateWorkspace,
    ListWorkspaces,
    SetConcurrency,
    SetRestriction,
    WorkspaceCreated,
    WorkspaceList,
    WorkspaceView,
)
from echoless.crossing.query_records import Done
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


@pytest.mark.claim("Z4")
def test_zero_retention_is_taken_away_and_given_back(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {SetRestriction: Done()}) as door:
        assert run("workspace", "restrict", "ws1", "--reason", "high_risk").exit_code == 0
        assert run("workspace", "restrict", "ws1", "--reason", "high-risk").exit_code == 0
        assert run("workspace", "lift", "ws1").exit_code == 0
        assert run("workspace", "restrict", "ws1").exit_code == 2
        assert run("workspace", "restrict", "ws1", "--reason", "because").exit_code == 2
    restricted = SetRestriction("ws1", True, "high_risk")
    assert door.asked == [restricted, restricted, SetRestriction("ws1", False)]


def test_concurrency_is_set_at_the_beginning_and_later(run: Run, tmp_path: Path) -> None:
    answers = {CreateWorkspace: WorkspaceCreated("ws2", "key2", "sk_secret"), SetConcurrency: Done()}
    with running_server(tmp_path, answers) as door:
        run("workspace", "create", "Bank", "--tier", "pro", "--concurrency", "3")
        run("workspace", "set", "ws2", "--concurrency", "5")
        run("workspace", "set", "ws2")
        assert run("workspace", "set", "ws2", "--concurrency", "0").exit_code == 2
    assert door.asked == [
        CreateWorkspace("Bank", "pro", False, 3), SetConcurrency("ws2", 5), SetConcurrency("ws2", None),
    ]  # fmt: skip


def test_the_only_workspace_needs_no_name(run: Run, tmp_path: Path) -> None:
    answers = {ListWorkspaces: WorkspaceList([view(concurrency_max=7)]), SetRestriction: Done()}
    with running_server(tmp_path, answers) as door:
        shown = run("workspace", "show").stdout
        run("workspace", "lift")
    assert "generations at once\t7" in shown
    assert door.asked[-1] == SetRestriction("ws1", False)
    with running_server(tmp_path, {ListWorkspaces: WorkspaceList([view(), view(workspace_id="ws2")])}):
        several = run("workspace", "show")
    assert isinstance(several.exception, EcholessError)


def test_a_restriction_is_shown_with_its_reason(run: Run, tmp_path: Path) -> None:
    restricted = view(is_restricted=True, restriction_reason="flagged")
    with running_server(tmp_path, {ListWorkspaces: WorkspaceList([restricted])}):
        assert "restricted (flagged)" in run("workspace", "show").stdout
