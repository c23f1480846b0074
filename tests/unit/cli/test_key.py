"""`echoless key`."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.operator_policy_records import OperatorEditKey
from echoless.crossing.operator_records import (
    KeyList,
    ListWorkspaces,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
    WorkspaceList,
)
from echoless.crossing.query_records import Done, EditKey, KeyCreated, KeyView
from echoless.retention.decision import RetentionMode
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_workspace import view

pytestmark = pytest.mark.unit

KEY = KeyView(
    "key1", "phone", "ab12", "sa1", 1_700_000_000, False, ["text_to_speech"], None, 0, None, RetentionMode.ZERO
)


def test_a_key_is_made_in_the_only_workspace_and_printed_once(run: Run, tmp_path: Path) -> None:
    answers = {ListWorkspaces: WorkspaceList([view()]), OperatorCreateKey: KeyCreated("key2", "sk_secret")}
    with running_server(tmp_path, answers) as door:
        result = run("key", "create", "phone", "--scope", "voices_read", "--retention", "zero")
    assert result.stdout == "sk_secret\n"
    question = door.asked[-1]
    assert isinstance(question, OperatorCreateKey)
    assert question.workspace_id == "ws1"
    assert question.scopes == ["voices_read"]
    assert question.retention is RetentionMode.ZERO


def test_a_key_may_do_everything_unless_told(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorCreateKey: KeyCreated("key2", "sk_secret")}) as door:
        run("key", "create", "--workspace", "ws7")
    question = door.asked[-1]
    assert isinstance(question, OperatorCreateKey)
    assert (question.workspace_id, question.scopes, question.retention) == ("ws7", None, RetentionMode.DEFAULT)


def test_among_several_workspaces_one_must_be_named(run: Run, tmp_path: Path) -> None:
    two = WorkspaceList([view(), view(workspace_id="ws2")])
    with running_server(tmp_path, {ListWorkspaces: two}) as door:
        result = run("key", "create")
    assert isinstance(result.exception, EcholessError)
    assert "say which" in result.exception.public_description
    assert len(door.asked) == 1


def test_keys_are_listed_without_secrets(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorListKeys: KeyList([KEY])}):
        listed = run("key", "list", "--workspace", "ws1").stdout
    assert listed == "key1\tphone\tab12\ttext_to_speech\tzero\t2023-11-14 22:13\tin use\n"


def test_a_key_that_has_ended_is_not_in_use(run: Run, tmp_path: Path) -> None:
    keys = [msgspec.structs.replace(KEY, expires_unix=end) for end in (1, 2**40)]
    with running_server(tmp_path, {OperatorListKeys: KeyList(keys)}):
        lines = run("key", "list", "--workspace", "ws1").stdout.splitlines()
    assert [line.split("\t")[-1] for line in lines] == ["expired", "in use"]


def test_a_key_is_revoked_by_its_id(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorRevokeKey: Done()}) as door:
        assert run("key", "revoke", "key1").exit_code == 0
    question = door.asked[-1]
    assert isinstance(question, OperatorRevokeKey)
    assert question.key_id == "key1"


def test_a_key_is_made_with_every_bound(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorCreateKey: KeyCreated("key2", "sk_secret")}) as door:
        words = "key create app --workspace ws1 --characters 9 --days 2 --allowed-ip 192.0.2.0/24 --allowed-ip ::1"
        before_unix = time.time()
        assert run(*words.split(), "--tts-concurrency", "3").exit_code == 0
    (question,) = door.asked
    assert isinstance(question, OperatorCreateKey)
    assert (question.character_limit, question.allowed_networks) == (9, ["192.0.2.0/24", "::1"])
    assert question.concurrency_limits == {"speech": 3}
    assert question.expires_unix is not None
    assert 2 * 86_400 - 1 <= question.expires_unix - before_unix <= 2 * 86_400 + 60


def test_a_key_is_changed_only_where_told(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {OperatorEditKey: KEY}) as door:
        assert run("key", "set", "key1", "--retention", "zero", "--disabled").exit_code == 0
        assert run("key", "set", "key1", "--any-ip").exit_code == 0
    first = EditKey("", "key1", is_enabled=False, retention=RetentionMode.ZERO)
    assert door.asked == [
        OperatorEditKey(first), OperatorEditKey(EditKey("", "key1", clears_allowed_networks=True)),
    ]  # fmt: skip
