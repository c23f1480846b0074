"""The kinds of notices: who sees them besides those they are mailed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class NoticeKind(StrEnum):
    """What a notice is about."""

    RESTRICTED = "zero_retention_restricted"
    LIFTED = "zero_retention_lifted"
    POLICY_CHANGED = "retention_policy_changed"
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a kind, not a secret
    MEMBER_REMOVED = "member_removed"
    DELETION_REQUESTED = "deletion_requested"
    DELETED = "account_deleted"


@dataclass(frozen=True, slots=True)
class KindRules:
    """How a kind of notice goes out, besides by e-mail.

    is_shown:     it is listed in the product
    is_webhooked: it goes to the webhooks of the workspace that are told of notices
    """

    is_shown: bool = False
    is_webhooked: bool = False


RULES: Final[Mapping[NoticeKind, KindRules]] = {
    NoticeKind.RESTRICTED: KindRules(is_shown=True, is_webhooked=True),
    NoticeKind.LIFTED: KindRules(is_shown=True, is_webhooked=True),
    NoticeKind.POLICY_CHANGED: KindRules(is_shown=True, is_webhooked=True),
    NoticeKind.INVITATION: KindRules(),
    NoticeKind.PASSWORD_RESET: KindRules(),
    NoticeKind.MEMBER_REMOVED: KindRules(is_shown=True),
    NoticeKind.DELETION_REQUESTED: KindRules(is_shown=True),
    NoticeKind.DELETED: KindRules(),
}
