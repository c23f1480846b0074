"""(queries) Notices, and where a workspace stands with the automatic check; for its people and for the operator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import is_opaque_id
from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.notice_records import (
    GetModeration,
    ListAllNotices,
    ListNotices,
    ModerationView,
    NoticeDeliveryView,
    NoticePage,
    NoticeRetried,
    NoticeView,
    RetryNotice,
    VerdictCountView,
)
from echoless.crossing.records import Record
from echoless.vault.notices.outbox import Outbox
from echoless.vault.notices.standings import Standings
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.notices import (
    DeliveryState,
    NoticeFilter,
    StoredDelivery,
    StoredNotice,
    list_notices,
    read_deliveries,
    read_notice,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.verdicts import read_verdicts

PAGE_MAX: Final = 100


class NoticeQueries:
    """Answers questions about notices."""

    def __init__(self, storage: Storage, outbox: Outbox, standings: Standings) -> None:
        self._storage = storage
        self._outbox = outbox
        self._standings = standings

    async def page(self, caller: Caller, record: ListNotices) -> NoticePage:
        """Return the notices that a workspace's people see."""
        if record.cursor and not is_opaque_id(record.cursor):
            return NoticePage([], "")
        wanted = NoticeFilter(caller.workspace_id, is_shown_only=True)
        return await self._page(wanted, record.cursor, record.limit)

    async def moderation(self, caller: Caller, _record: GetModeration) -> ModerationView:
        """Return where the workspace stands with the automatic check."""
        standing, rules = self._standings.of(caller.workspace_id), self._standings.rules
        await self._storage.writer.flush()
        hours = await self._storage.read(
            partial(read_verdicts, since_unix=self._standings.since_unix, workspace_id=caller.workspace_id)
        )
        counts: dict[tuple[Category, Severity, Action], int] = {}
        for hour in hours:
            if hour.round_number == standing.round_number:
                key = (hour.category, hour.severity, hour.action)
                counts[key] = counts.get(key, 0) + hour.verdict_count
        views = [VerdictCountView(*key, count) for key, count in sorted(counts.items())]
        return ModerationView(
            standing.flagged_unix, rules.window_days, rules.flags_max, rules.severe_max, views
        )  # fmt: skip

    # --- the operator ---

    def acts(self) -> dict[type[Record], Callable[[Any], Awaitable[Record]]]:
        """Return what the operator may ask."""
        return {ListAllNotices: self._list_all, RetryNotice: self._retry}

    async def _list_all(self, record: ListAllNotices) -> NoticePage:
        wanted = NoticeFilter(record.workspace_id or None, is_undelivered_only=record.is_undelivered_only)
        return await self._page(wanted, "", record.limit)

    async def _retry(self, record: RetryNotice) -> NoticeRetried:
        known = is_opaque_id(record.notice_id)
        if not known or await self._storage.read(partial(read_notice, notice_id=record.notice_id)) is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no notice with this id.")
        return NoticeRetried(await self._outbox.retry(record.notice_id))

    # --- inner ---

    async def _page(self, wanted: NoticeFilter, cursor: str, limit: int) -> NoticePage:
        limit = min(max(1, limit), PAGE_MAX)
        found = await self._storage.read(
            lambda reader: list_notices(reader, wanted, before_notice=cursor, count_max=limit + 1)
        )
        shown = found[:limit]
        ids = [notice.notice_id for notice in shown]
        deliveries = await self._storage.read(partial(read_deliveries, notice_ids=ids))
        views = [_view(notice, deliveries[notice.notice_id]) for notice in shown]
        return NoticePage(views, ids[-1] if len(found) > limit else "")


def _view(notice: StoredNotice, deliveries: list[StoredDelivery]) -> NoticeView:
    views = [
        NoticeDeliveryView(
            channel=one.channel, target_id=one.target_id, state=one.state, attempt_count=one.attempt_count,
            last_code=one.last_code, done_unix=one.done_ms // 1000,
            next_unix=one.next_ms // 1000 if one.state == DeliveryState.PENDING.value else 0,
        )
        for one in deliveries
    ]  # fmt: skip
    return NoticeView(
        notice.notice_id, notice.workspace_id, notice.kind, notice.created_ms // 1000, dict(notice.facts), views
    )
