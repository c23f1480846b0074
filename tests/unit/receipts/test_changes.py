"""What is committed to about a change of policy is canonical, and holds nothing but codes and ids (T33, T42)."""

from __future__ import annotations

import json

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.changes import Actor, PolicyStatement, differences, parse_statement

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
STATEMENT = PolicyStatement(
    change_id="c1", workspace_id="w1", subject_id="w1", actor=Actor.OPERATOR, activity="zero_retention.enforce",
    minute_unix=1_700_000_040, policy_version=3, policy_hash="ab" * 32, changed={"is_enforced": (False, True)},
)  # fmt: skip


def test_a_statement_comes_back_as_it_was_committed_to() -> None:
    text = STATEMENT.text()
    assert parse_statement(text) == STATEMENT
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_only_what_changed_is_stated_and_a_new_subject_states_all() -> None:
    assert differences({"a": 1, "b": True}, {"a": 1, "b": False}) == {"b": (True, False)}
    assert differences(None, {"a": 1}) == {"a": (None, 1)}
    assert differences({"a": 1}, {"a": 1}) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":", ": "), ("operator", "stranger"), ('"activity"', '"Activity"'), ("1700000040", "1700000041"),
        ("c1", "somebody at example dot com"), ('"c1"', '"c1\\n"'), ("}", ',"z":1}'),
    ],
)  # fmt: skip
def test_another_form_a_finer_time_or_free_words_are_refused(old: str, new: str) -> None:
    text = STATEMENT.text()
    assert old in text
    with pytest.raises(EcholessError):
        parse_statement(text.replace(old, new))


def test_a_statement_of_nothing_is_none() -> None:
    empty = msgspec.structs.replace(STATEMENT, changed={})
    with pytest.raises(EcholessError):
        parse_statement(empty.text())
