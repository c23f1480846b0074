"""Notices to a workspace, and what the automatic check has found."""

from __future__ import annotations

import pytest

from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.notice_records import (
    GetModeration,
    ListNotices,
    ModerationView,
    NoticeDeliveryView,
    NoticePage,
    NoticeView,
    VerdictCountView,
)
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

DELIVERIES = [
    NoticeDeliveryView("email", "u1", "pending", 2, "no_mail_server", 1_800_000_300, 0),
    NoticeDeliveryView("email", "", "sent", 1, "", 0, 1_800_000_001),
]
NOTICE = NoticeView("n1", "ws", "zero_retention_restricted", 1_800_000_000, {"reason": "flagged"}, DELIVERIES)


async def test_notices_are_listed_by_pages_and_say_how_far_they_have_come() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListNotices] = NoticePage([NOTICE], "n1")
        reply = await gateway.ask("GET", "/v1/workspace/notices?limit=1&cursor=n9")
        assert reply.json == {
            "notices": [
                {
                    "notice_id": "n1", "kind": "zero_retention_restricted", "created_at_unix": 1_800_000_000,
                    "facts": {"reason": "flagged"},
                    "deliveries": [
                        {
                            "channel": "email", "target_id": "u1", "state": "pending", "attempt_count": 2,
                            "last_failure_code": "no_mail_server", "next_attempt_unix": 1_800_000_300,
                            "done_at_unix": None,
                        },
                        {
                            "channel": "email", "target_id": None, "state": "sent", "attempt_count": 1,
                            "last_failure_code": None, "next_attempt_unix": None, "done_at_unix": 1_800_000_001,
                        },
                    ],
                }
            ],
            "has_more": True, "next_cursor": "n1",
        }  # fmt: skip
        assert ListNotices(1, "n9") in gateway.vault.questions


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=%20"])
async def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", f"/v1/workspace/notices?{query}")).status == 422


async def test_findings_are_shown_as_counts() -> None:
    counts = [VerdictCountView(Category.FRAUD, Severity.FLAGGED, Action.PASSED, 3)]
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetModeration] = ModerationView(0, 7, 5, 1, counts)
        reply = await gateway.ask("GET", "/v1/workspace/moderation")
        assert reply.json == {
            "flagged_since_unix": None, "window_days": 7, "flags_max": 5, "severe_max": 1,
            "counts": [{"category": "fraud", "severity": "flagged", "action": "passed", "count": 3}],
        }  # fmt: skip
