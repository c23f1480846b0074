"""Names of scopes."""

from __future__ import annotations

import re

import pytest

from echoless.vault.stores.scope_names import SCOPES

pytestmark = pytest.mark.unit


def test_scopes_are_words_and_include_those_that_are_enforced() -> None:
    assert all(re.fullmatch(r"[a-z_]+", scope) for scope in SCOPES)
    enforced = {"text_to_speech", "speech_history_read", "speech_history_write", "voices_read", "user_read"}
    assert enforced | {"workspace_read", "workspace_write", "audit_log_read", "service_account_write"} <= SCOPES
