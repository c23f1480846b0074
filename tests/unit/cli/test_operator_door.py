"""The operator's way to the vault of a running server."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.operator_door import ask, ask_running
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import (
    CreateWorkspace,
    ListVoiceAliases,
    ListWorkspaces,
    OperatorRevokeKey,
    VoiceAliases,
    WorkspaceCreated,
    WorkspaceList,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Refused
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.data_directory import LOCK_NAME, DirectoryLock
from tests.fakes.operator_door import running_server

pytestmark = pytest.mark.unit


def test_a_question_reaches_the_running_server(tmp_path: Path) -> None:
    with running_server(tmp_path, {ListVoiceAliases: VoiceAliases({"mine": "theirs"})}) as door:
        answer = ask(ServerConfig(data=str(tmp_path)), ListVoiceAliases(), VoiceAliases)
    assert answer.aliases == {"mine": "theirs"}
    assert [type(question) for question in door.asked] == [ListVoiceAliases]


def test_long_paths_are_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    deep.mkdir(parents=True)
    link = Path("/tmp") / f"echoless-{tmp_path.name}"
    link.symlink_to(deep)
    try:
        with running_server(link, {ListVoiceAliases: VoiceAliases({})}):
            assert ask(ServerConfig(data=str(deep)), ListVoiceAliases(), VoiceAliases).aliases == {}
    finally:
        link.unlink()


def test_a_refusal_is_raised_with_its_code(tmp_path: Path) -> None:
    refused = Refused("not_found", "No key has this id.")
    with (
        running_server(tmp_path, {OperatorRevokeKey: refused}),
        pytest.raises(EcholessError) as caught,
    ):
        ask(ServerConfig(data=str(tmp_path)), OperatorRevokeKey("k"), Done)
    assert caught.value.code is ErrorCode.NOT_FOUND
    assert caught.value.public_description == "No key has this id."


def test_an_answer_to_another_question_is_an_error(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, {ListWorkspaces: VoiceAliases({})}),
        pytest.raises(EcholessError, match="another question"),
    ):
        ask(ServerConfig(data=str(tmp_path)), ListWorkspaces(), WorkspaceList)


def test_a_server_that_closes_the_door_is_an_error(tmp_path: Path) -> None:
    with (
        running_server(tmp_path, {ListWorkspaces: None}),
        pytest.raises(EcholessError, match="cannot speak with the server"),
    ):
        ask_running(tmp_path, ListWorkspaces(), timeout_s=5)


def test_a_directory_without_data_is_named_and_not_made(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with pytest.raises(EcholessError) as caught:
        ask(ServerConfig(data=str(absent)), ListWorkspaces(), WorkspaceList)
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
    assert str(absent) in caught.value.public_description
    assert not absent.exists()


def test_without_a_server_the_vault_is_opened_here_and_its_lock_given_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ServerConfig(data=str(tmp_path))
    (tmp_path / LOCK_NAME).touch()
    made = ask(config, CreateWorkspace("Bank", "free", is_entitled=False), WorkspaceCreated)
    first, second = capsys.readouterr().err, ask(config, ListWorkspaces(), WorkspaceList)
    assert "shown only this once: sk_" in first, "the key of the first workspace must not be lost"
    assert capsys.readouterr().err == "", "and never shown again"
    listed = second.workspaces
    assert made.workspace_id in {view.workspace_id for view in listed}
    DirectoryLock.acquire(tmp_path).release()


def test_while_another_command_has_the_directory_it_is_left_alone(tmp_path: Path) -> None:
    lock = DirectoryLock.acquire(tmp_path)
    try:
        with pytest.raises(EcholessError) as caught:
            ask(ServerConfig(data=str(tmp_path)), ListWorkspaces(), WorkspaceList)
    finally:
        lock.release()
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
