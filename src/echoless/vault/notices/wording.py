"""The words of notices: constant texts with our own ids, codes and times in them. Nothing of any request.

A text that names a fact which a notice does not have is a mistake of ours, found by a test for every kind.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.stores.notices import Facts, StoredNotice


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and text of a kind; names in braces are facts or secrets."""

    subject: str
    text: str

    @property
    def names(self) -> frozenset[str]:
        """The facts and secrets that the words need."""
        found = string.Formatter().parse(self.subject + self.text)
        return frozenset(name for _, name, _, _ in found if name)


_SIGNED: Final = "\n\nThis message was sent by an Echoless server. It holds nothing of any request.\n"
WORDINGS: Final[Mapping[NoticeKind, Wording]] = {
    NoticeKind.RESTRICTED: Wording(
        "Zero retention of your workspace is restricted",
        "Zero retention of workspace {workspace_id} was restricted ({reason}).\n\n"
        "From now on its requests that ask for zero retention are refused. None of them is run with retention "
        "instead. Requests that do not ask for it are served as before. Ask the operator of the server how to "
        "have the restriction lifted.",
    ),
    NoticeKind.LIFTED: Wording(
        "Zero retention of your workspace is available again",
        "The restriction of zero retention of workspace {workspace_id} was lifted. Requests that ask for zero "
        "retention are served again.",
    ),
    NoticeKind.POLICY_CHANGED: Wording(
        "The retention policy of your workspace was changed",
        "The retention policy of workspace {workspace_id} was changed ({what}).",
    ),
    NoticeKind.INVITATION: Wording(
        "You are invited to a workspace",
        "You are invited to join workspace {workspace_id} as {role}.\n\nYour code is: {code}",
    ),
    NoticeKind.PASSWORD_RESET: Wording(
        "A new password was asked for",
        "Somebody asked for a new password of your account. If it was not you, do nothing.\n\nYour code is: {code}",
    ),
    NoticeKind.MEMBER_REMOVED: Wording(
        "A member was removed from your workspace",
        "A member ({user_id}) was removed from workspace {workspace_id}.",
    ),
    NoticeKind.DELETION_REQUESTED: Wording(
        "Confirm that your workspace is to be deleted",
        "Somebody asked to delete workspace {workspace_id} with everything in it. If it was not you, do nothing, "
        "and change your password.\n\nYour code is: {code}",
    ),
    NoticeKind.DELETED: Wording(
        "Your workspace was deleted",
        "Workspace {workspace_id} was deleted with everything in it. Certificate: {certificate_id}",
    ),
}
_SECRETS: Final = frozenset({"code"})


def missing_names(kind: NoticeKind, given: frozenset[str]) -> frozenset[str]:
    """Return what the words of a kind need and nobody gave."""
    return WORDINGS[kind].names - given


def words_of(notice: StoredNotice, secrets: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and text of a notice. A secret that is gone is said to be gone."""
    wording = WORDINGS[NoticeKind(notice.kind)]
    gone = dict.fromkeys(_SECRETS, "(no longer available)")
    values = {**gone, **_all_facts(notice), **secrets}
    return wording.subject.format_map(values), wording.text.format_map(values) + _SIGNED


def event_of(notice: StoredNotice) -> bytes:
    """Return the body of a webhook: the kind, the time, and the facts. Secrets are never in it."""
    event = {
        "type": "workspace_notice",
        "event_timestamp": notice.created_ms // 1000,
        "data": {"notice_id": notice.notice_id, "kind": notice.kind, "facts": _all_facts(notice)},
    }
    return msgspec.json.encode(event)


def _all_facts(notice: StoredNotice) -> Facts:
    return {"workspace_id": notice.workspace_id, **notice.facts}
