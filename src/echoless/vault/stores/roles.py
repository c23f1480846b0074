"""What a member may do: the scopes of each role, as data.

An administrator may do everything. An editor works with everything but people, keys, policy and the trail of acts.
A viewer reads what there is, and makes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from echoless.vault.stores.scope_names import SCOPES


class MemberRole(StrEnum):
    """The roles of members."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


_ADMINISTRATION: Final = frozenset(
    {
        "workspace_write", "service_account_write", "webhooks_write", "audit_log_read", "create_user_api_key",
        "workspace_members_invite", "workspace_members_remove", "group_members_manage",
        "conversation_privacy_manage", "terms_of_service_accept", "copy_resources_cross_workspace",
    }
)  # fmt: skip
_LOOKING: Final = frozenset(scope for scope in SCOPES if scope.endswith("_read"))
# `user_write` is everybody's: one's own password and sessions.
_READING: Final = (_LOOKING - _ADMINISTRATION) | {"user_write"}
SCOPES_BY_ROLE: Final[Mapping[MemberRole, frozenset[str] | None]] = MappingProxyType(
    {MemberRole.ADMIN: None, MemberRole.EDITOR: SCOPES - _ADMINISTRATION, MemberRole.VIEWER: _READING}
)
"""None is all."""
