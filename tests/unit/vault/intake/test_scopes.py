"""Scopes of endpoints."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, Endpoint
from echoless.vault.intake.scopes import required_scope
from echoless.vault.stores.scope_names import SCOPES

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_needs_a_scope_that_exists(endpoint: Endpoint) -> None:
    assert required_scope(endpoint) in SCOPES


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("POST /v1/text-to-speech/{voice}", "text_to_speech"),
        ("POST /v1/text-to-dialogue", "text_to_speech"),
        ("GET /v1/history", "speech_history_read"),
        ("POST /v1/history/download", "speech_history_read"),
        ("DELETE /v1/history/{item}", "speech_history_write"),
        ("GET /v1/voices", "voices_read"),
        ("POST /v1/voices/{voice}/settings/edit", "voices_write"),
        ("GET /v1/models", "models_read"),
        ("GET /v1/user", "user_read"),
        ("GET /v1/workspace/zero-retention", "workspace_read"),
        ("PATCH /v1/workspace/zero-retention", "workspace_write"),
        ("GET /v1/workspace/audit-logs", "audit_log_read"),
        ("POST /v1/workspace/analytics/requests", "workspace_read"),
        ("POST /v1/service-accounts/{sa}/api-keys", "service_account_write"),
    ],
)
def test_scopes_are_those_of_the_contract(name: str, scope: str) -> None:
    assert required_scope(ENDPOINT_BY_NAME[name]) == scope
