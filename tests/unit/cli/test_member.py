"""`echoless member`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.member_records import (
    InvitationView,
    MemberList,
    MemberView,
    OperatorAddMember,
    OperatorChangeMember,
    OperatorListMembers,
)
from echoless.crossing.operator_records import ListWorkspaces, WorkspaceList
from echoless.crossing.query_records import Done
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_workspace import view

pytestmark = pytest.mark.unit
ADA = MemberView("user1", "ada@example.org", "Ada", "admin", True, False, 1_700_000_000, None, 2)
GUEST = InvitationView("guest@example.org", "viewer", 1_700_000_000, 1_800_000_000)
ONE = {ListWorkspaces: WorkspaceList([view()])}


def test_a_member_is_made_with_a_password_that_is_printed_once(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {**ONE, OperatorAddMember: MemberList([ADA])}) as door:
        result = run("member", "add", "ada@example.org", "--role", "admin", "--name", "Ada")
    question = door.asked[-1]
    assert isinstance(question, OperatorAddMember)
    assert (question.workspace_id, question.address, question.role) == ("ws1", "ada@example.org", "admin")
    assert result.stdout == question.password + "\n"
    assert len(question.password) >= 16


def test_two_members_get_different_passwords(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {**ONE, OperatorAddMember: MemberList([ADA])}):
        first, second = (run("member", "add", "ada@example.org").stdout for _ in range(2))
    assert first != second


def test_nobody_needs_a_password_who_signs_on_elsewhere(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {**ONE, OperatorAddMember: MemberList([ADA])}) as door:
        result = run("member", "add", "ada@example.org", "--no-password")
    assert result.stdout == ""
    question = door.asked[-1]
    assert isinstance(question, OperatorAddMember)
    assert (question.password, question.role) == ("", "viewer")


def test_a_password_is_either_given_or_left_out(run: Run) -> None:
    result = run("member", "add", "ada@example.org", "--no-password", "--password-stdin")
    assert isinstance(result.exception, EcholessError)
    assert result.exception.code is ErrorCode.INVALID_PARAMETERS


def test_members_and_invitations_are_listed(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {**ONE, OperatorListMembers: MemberList([ADA], [GUEST])}):
        result = run("member", "list")
    for word in ("user1", "ada@example.org", "owner", "guest@example.org", "invited"):
        assert word in result.stdout


CHANGES: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("set-role", "user1", "editor"), {"role": "editor"}),
    (("lock", "user1"), {"is_locked": True}),
    (("unlock", "user1"), {"is_locked": False}),
    (("sign-out", "user1"), {"closes_sessions": True}),
    (("remove", "user1"), {"is_removed": True}),
)


@pytest.mark.parametrize(("words", "changes"), CHANGES, ids=lambda one: one[0] if isinstance(one, tuple) else "")
def test_each_command_changes_one_thing(
    run: Run, tmp_path: Path, words: tuple[str, ...], changes: dict[str, Any]
) -> None:
    with running_server(tmp_path, {OperatorChangeMember: Done()}) as door:
        run("member", *words)
    assert door.asked == [OperatorChangeMember("user1", **changes)]


def test_a_member_may_be_named_by_address(run: Run, tmp_path: Path) -> None:
    answers = {**ONE, OperatorListMembers: MemberList([ADA]), OperatorChangeMember: Done()}
    with running_server(tmp_path, answers) as door:
        run("member", "set-password", "Ada@Example.org")
        unknown = run("member", "lock", "nobody@example.org")
    changed = [one for one in door.asked if isinstance(one, OperatorChangeMember)]
    assert [one.user_id for one in changed] == ["user1"]
    assert changed[0].password
    assert isinstance(unknown.exception, EcholessError)
    assert unknown.exception.code is ErrorCode.NOT_FOUND
