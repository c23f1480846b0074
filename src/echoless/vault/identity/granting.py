"""How far somebody may let others in: nobody makes a member who may do more than they may themselves."""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.retention.floors import binds_to_zero
from echoless.vault.stores.accounts import ApiKey
from echoless.vault.stores.roles import SCOPES_BY_ROLE, MemberRole


def role_named(word: str) -> MemberRole:
    """Return a role.

    raises: EcholessError(INVALID_PARAMETERS) for another word
    """
    if word not in set(MemberRole):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The role is admin, editor or viewer.", param="role")
    return MemberRole(word)


def check_may_grant(own: ApiKey, role: MemberRole) -> None:
    """Prove that whoever asks may give a role: it has no permission that they lack, and none of their bounds.

    raises: EcholessError(MISSING_PERMISSIONS)
    """
    wanted = SCOPES_BY_ROLE[role]
    if own.scopes is not None and (wanted is None or not own.scopes.issuperset(wanted)):
        message = "Nobody can give a role with permissions that they do not have."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="role")
    is_bound = own.character_limit is not None or own.expires_unix is not None or own.allowed_networks is not None
    if is_bound or binds_to_zero(own.retention):
        message = "A key or member with bounds of its own cannot give a role, which has none."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="role")
