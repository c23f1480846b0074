"""What of an account is policy: a switch that is left out would change unseen (T33)."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from echoless.retention.decision import Ineligible, RetentionMode
from echoless.vault.stores.accounts import ApiKey, Workspace
from echoless.vault.stores.policies import hash_of, logged_floor, logged_members, policy_members

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
WORKSPACE = Workspace("w1", "u1", "name", "enterprise", is_entitled=True, created_unix=1, character_limit=9)
OTHER_VALUES = {
    "tier": "free", "is_entitled": False, "is_enforced": True, "ineligible": Ineligible.ALLOW,
    "is_restricted": True, "restriction_reason": "flagged", "is_hipaa": True, "conversation_rows": "none",
    "erase_logs_with_item": True, "capsule_key": "age1something",
}  # fmt: skip
NO_POLICY = {
    "workspace_id", "user_id", "name", "created_unix", "character_limit", "restricted_since_unix",
    "notified_at_unix", "policy_version", "concurrency_max", "hipaa_agreed_on", "self_disabling",
}  # fmt: skip


def test_each_field_of_a_workspace_is_policy_or_is_known_not_to_be() -> None:
    assert {field.name for field in fields(Workspace)} == OTHER_VALUES.keys() | NO_POLICY


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_what_is_policy_is_told_to_the_log(name: str) -> None:
    changed = replace(WORKSPACE, **{name: OTHER_VALUES[name]})
    assert logged_members(changed) != logged_members(WORKSPACE)


def test_the_hash_follows_the_policy_and_nothing_else() -> None:
    assert hash_of(replace(WORKSPACE, is_enforced=True)) != hash_of(WORKSPACE)
    assert hash_of(replace(WORKSPACE, name="another", policy_version=7)) == hash_of(WORKSPACE)
    assert "name" not in policy_members(WORKSPACE)


def test_a_capsule_key_is_not_told_itself() -> None:
    told = logged_members(replace(WORKSPACE, capsule_key="age1something"))
    assert "age1something" not in told.values()


def test_one_capsule_key_in_place_of_another_is_told() -> None:
    one, other = (logged_members(replace(WORKSPACE, capsule_key=f"age1{name}")) for name in ("one", "other"))
    assert {name for name in one if one[name] != other[name]} == {"capsule_key_sha256"}
    assert logged_members(replace(WORKSPACE, capsule_key=None))["capsule_key_sha256"] == ""


def test_of_a_key_the_floor_is_told() -> None:
    key = ApiKey("k1", "w1", "s1", "name", "abcd", b"", 1, retention=RetentionMode.ZERO)
    assert logged_floor(key) == {"retention": "zero"}
