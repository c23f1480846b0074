"""`/v1/workspace/notices` and `/v1/workspace/moderation`: what a workspace was told, and where it stands.

Both are ours: the wire contract has no route for either.
"""

from __future__ import annotations

from typing import Any, Final

from echoless.crossing.notice_records import (
    GetModeration,
    ListNotices,
    ModerationView,
    NoticeDeliveryView,
    NoticePage,
)
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace_notices import NoticesQuery


async def list_notices(call: Call) -> None:
    """List notices, newest first, each with how far it has come on its ways."""
    query = NoticesQuery.parse(call.query)
    page = await call.open_ticket.ask(ListNotices(limit=query.limit, cursor=query.cursor or ""))
    assert isinstance(page, NoticePage)
    notices = [
        {
            "notice_id": notice.notice_id,
            "kind": notice.kind,
            "created_at_unix": notice.created_unix,
            "facts": notice.facts,
            "deliveries": [_delivery(one) for one in notice.deliveries],
        }
        for notice in page.notices
    ]
    has_more = bool(page.next_cursor)
    await call.answer({"notices": notices, "has_more": has_more, "next_cursor": page.next_cursor or None})


async def get_moderation(call: Call) -> None:
    """Show what the automatic check has found, in counts, and what would flag the account."""
    found = await call.open_ticket.ask(GetModeration())
    assert isinstance(found, ModerationView)
    await call.answer(
        {
            "flagged_since_unix": found.flagged_unix or None,
            "window_days": found.window_days,
            "flags_max": found.flags_max,
            "severe_max": found.severe_max,
            "counts": [
                {
                    "category": one.category.value,
                    "severity": one.severity.value,
                    "action": one.action.value,
                    "count": one.count,
                }
                for one in found.counts
            ],
        }
    )


def _delivery(one: NoticeDeliveryView) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "target_id": one.target_id or None,
        "state": one.state,
        "attempt_count": one.attempt_count,
        "last_failure_code": one.last_code or None,
        "next_attempt_unix": one.next_unix or None,
        "done_at_unix": one.done_unix or None,
    }


ROUTES: Final = (
    Route("GET /v1/workspace/notices", list_notices, "List notices to the workspace", query=NoticesQuery),
    Route("GET /v1/workspace/moderation", get_moderation, "Show what the automatic check has found"),
)
