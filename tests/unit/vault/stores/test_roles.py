"""What each role may do."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINTS
from echoless.vault.intake.scopes import required_scope
from echoless.vault.stores.roles import SCOPES_BY_ROLE, MemberRole
from echoless.vault.stores.scope_names import SCOPES

pytestmark = pytest.mark.unit
EDITOR, VIEWER = (SCOPES_BY_ROLE[role] or frozenset() for role in (MemberRole.EDITOR, MemberRole.VIEWER))


def test_roles_are_steps_each_within_the_one_above() -> None:
    assert SCOPES_BY_ROLE[MemberRole.ADMIN] is None
    assert VIEWER < EDITOR < SCOPES


def test_an_editor_works_and_administers_nothing() -> None:
    assert {"text_to_speech", "speech_history_write", "pronunciation_dictionaries_write"} <= EDITOR
    for scope in ("workspace_write", "service_account_write", "workspace_members_invite", "audit_log_read"):
        assert scope not in EDITOR


def test_a_viewer_makes_and_changes_nothing_but_their_own_password_and_sessions() -> None:
    changing = {required_scope(one) for one in ENDPOINTS if one.is_eligible}
    assert not VIEWER & changing
    assert {scope for scope in VIEWER if not scope.endswith("_read")} == {"user_write"}
    own = {"POST /v1/workspace/logout", "POST /v1/workspace/password", "DELETE /v1/workspace/sessions"}
    assert {required_scope(one) for one in ENDPOINTS if one.name in own} == {"user_write"}
