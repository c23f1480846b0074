"""Without the operator no other workspace is made, and a key that cannot be bound fails."""

from __future__ import annotations

import json

import pytest

from echoless.audit.parts.asking import Asking
from echoless.audit.parts.policy_levels import check_levels
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.parts.test_asking import scene_of

pytestmark = pytest.mark.unit
KEYS = "/v1/service-accounts/account/api-keys"


def _reply(_method: str, path: str, _body: bytes) -> Reply:
    told: dict[str, object] = {"detail": {"code": "zero_retention_not_permitted"}}
    if path == "/v1/service-accounts":
        told = {"service-accounts": [{"service_account_user_id": "account"}]}
    elif path == KEYS:
        told = {"xi-api-key": "bound", "key_id": "key"}
    elif path == "/v1/workspace/zero-retention":
        told = {"permitted": True, "effective": {"with_enable_logging_false": {"retention": "zero"}}}
    return 200, {"x-echoless-retention": "default"}, json.dumps(told).encode()


def test_a_key_whose_floor_is_not_heeded_fails_and_is_deleted_all_the_same(stub: Stub) -> None:
    stub.reply = _reply
    scene = scene_of(stub, is_in_use=True)
    with Asking(scene) as asking:
        check_levels(asking)
    passed = {check.name: check.is_passed for check in scene.report.checks}
    assert passed["the workspace can see what its requests would have"]
    assert not passed["a key that demands zero retention cannot be talked out of it"]
    assert stub.asked[-1][:2] == ("DELETE", f"{KEYS}/key")
    spoken = [headers["xi-api-key"] for _, path, _, headers in stub.asked if "/text-to-speech/" in path]
    assert "bound" in spoken


def test_without_the_operator_no_other_workspace_is_made_and_that_is_said(stub: Stub) -> None:
    stub.reply = _reply
    scene = scene_of(stub)
    with Asking(scene) as asking:
        check_levels(asking)
    assert "other workspaces can be made" in {check.name for check in scene.report.checks if not check.is_passed}
