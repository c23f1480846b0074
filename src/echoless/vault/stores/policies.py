"""What of an account is retention policy: the members that its hash covers and that the log is told of."""

from __future__ import annotations

import hashlib

from echoless.receipts.changes import Value
from echoless.receipts.policy import policy_hash
from echoless.vault.stores.accounts import ApiKey, Workspace


def policy_members(workspace: Workspace) -> dict[str, str | int | bool]:
    """Return the policy of a workspace: switches and codes, no names."""
    return {
        "tier": workspace.tier,
        "is_entitled": workspace.is_entitled,
        "is_enforced": workspace.is_enforced,
        "ineligible": workspace.ineligible.value,
        "is_restricted": workspace.is_restricted,
        "is_hipaa": workspace.is_hipaa,
        "conversation_rows": workspace.conversation_rows,
        "has_capsule_key": workspace.capsule_key is not None,
    }


def hash_of(workspace: Workspace) -> str:
    """Return the hash of a workspace's policy, as receipts name it."""
    return policy_hash(policy_members(workspace))


def logged_members(workspace: Workspace) -> dict[str, Value]:
    """Return what the log is told when a workspace changes: its policy, and what else decides what is kept."""
    return {
        **policy_members(workspace),
        "restriction_reason": workspace.restriction_reason,
        "erase_logs_with_item": workspace.erase_logs_with_item,
        # One key in place of another is a change too: whoever reads the statement can tell which it was.
        "capsule_key_sha256": hashlib.sha256(workspace.capsule_key.encode()).hexdigest()
        if workspace.capsule_key
        else "",
    }


def logged_floor(key: ApiKey) -> dict[str, Value]:
    """Return what the log is told of a key: its floor."""
    return {"retention": key.retention.value}
