"""A policy has one hash, whatever order it is written in, and another once a switch is turned."""

from __future__ import annotations

import pytest

from echoless.receipts.policy import policy_hash

pytestmark = pytest.mark.unit


def test_the_hash_is_of_the_switches_alone() -> None:
    policy = {"is_enforced": True, "tier": "enterprise"}
    assert policy_hash(policy) == policy_hash(dict(reversed(policy.items())))
    assert policy_hash(policy) != policy_hash(policy | {"is_enforced": False})
    # echo -n '{"is_enforced":true,"tier":"enterprise"}' | sha256sum
    assert policy_hash(policy) == "2e388072e655283cd1b73fdedf3fe85ddbdf7a001bd529730c4d769da8eb4ffc"
