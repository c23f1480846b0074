"""The words of notices: every kind has some, and none says what it must not."""

from __future__ import annotations

import json

import pytest

from echoless.vault.notices.kinds import RULES, NoticeKind
from echoless.vault.notices.wording import WORDINGS, event_of, missing_names, words_of
from echoless.vault.stores.notices import StoredNotice

pytestmark = pytest.mark.unit

FACTS: dict[NoticeKind, dict[str, str | int]] = {
    NoticeKind.RESTRICTED: {"reason": "flagged", "since_unix": 1},
    NoticeKind.LIFTED: {"reason": "flagged"},
    NoticeKind.POLICY_CHANGED: {"what": "zero_retention.change"},
    NoticeKind.INVITATION: {"role": "viewer"},
    NoticeKind.PASSWORD_RESET: {},
    NoticeKind.MEMBER_REMOVED: {"user_id": "u"},
    NoticeKind.DELETION_REQUESTED: {},
    NoticeKind.DELETED: {"certificate_id": "c"},
}


def notice(kind: NoticeKind) -> StoredNotice:
    return StoredNotice("n1", "ws1", kind.value, 1_800_000_000_000, True, FACTS[kind])


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_words_and_says_how_it_goes_out(kind: NoticeKind) -> None:
    assert kind in RULES
    secrets = {"code": "K-1"}
    assert missing_names(kind, frozenset({"workspace_id", *FACTS[kind], *secrets})) == frozenset()
    subject, text = words_of(notice(kind), secrets)
    assert "{" not in subject + text
    assert ("K-1" in text) is ("code" in WORDINGS[kind].names)
    assert "\n" not in subject


def test_a_fact_that_the_words_need_is_missed() -> None:
    assert missing_names(NoticeKind.RESTRICTED, frozenset({"workspace_id"})) == {"reason"}


def test_a_code_that_is_gone_is_said_to_be_gone() -> None:
    assert "no longer available" in words_of(notice(NoticeKind.INVITATION), {})[1]


def test_a_webhook_is_told_facts_and_never_a_code() -> None:
    event = json.loads(event_of(notice(NoticeKind.RESTRICTED)))
    assert event == {
        "type": "workspace_notice", "event_timestamp": 1_800_000_000,
        "data": {
            "notice_id": "n1", "kind": "zero_retention_restricted",
            "facts": {"workspace_id": "ws1", "reason": "flagged", "since_unix": 1},
        },
    }  # fmt: skip


def test_a_fact_named_like_a_secret_does_not_take_its_place() -> None:
    """A secret is what the sealed part says; what stands in the clear row is never mistaken for it."""
    kept = StoredNotice("n1", "ws1", NoticeKind.INVITATION.value, 1, True, {"role": "viewer", "code": "clear"})
    text = words_of(kept, {"code": "sealed"})[1]
    assert "sealed" in text
    assert "clear" not in text
