"""(queries) Reading what is kept: history, voices, the account, usage, the request log, the trail."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import is_opaque_id
from echoless.core.models import DEFAULT_MODEL_ID, MODEL_BY_ID
from echoless.crossing.dialogue_records import ResolveVoices, VoicesResolved
from echoless.crossing.number_records import (
    AuditEntries,
    AuditEntry,
    GetUsage,
    ListAuditEntries,
    ListRequests,
    RequestRow,
    RequestRows,
    Usage,
)
from echoless.crossing.query_records import (
    Account,
    AlignmentView,
    CheckRequestIds,
    DeleteHistoryItem,
    Done,
    EditVoiceSettings,
    GetAccount,
    GetHistoryItem,
    GetVoice,
    HistoryItemView,
    HistoryPage,
    ListHistory,
    ListVoices,
    ReadItemAlignment,
    VoiceList,
    VoiceView,
)
from echoless.crossing.records import VoiceGrant
from echoless.retention.decision import RetentionMode
from echoless.vault.queries.administration import Administration
from echoless.vault.queries.paging import (
    ALIGNMENT_RUN_CHARACTERS,
    PAGE_ITEMS_MAX,
    PageRequest,
    alignment_view,
    read_item,
    read_page,
)
from echoless.vault.queries.usage import bucket_starts, bucketed, touched_hours
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.drafts import ALIGNMENT, CONVERTED_SOURCE, NORMALIZED_ALIGNMENT, SPOKEN_SOURCE
from echoless.vault.stores.history import HistoryFilter, HistoryReader
from echoless.vault.stores.numbers import BREAKDOWNS, METRICS, UsagePoint, read_audit, read_requests, read_usage
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import opened_reason
from echoless.vault.stores.voices import KnownVoice, VoiceBook, checked_settings

DeleteItem = Callable[[str, str, str], Awaitable[bool]]
"""Deletes an item: workspace, item, actor; False where there is none."""
_ROWS_MAX: Final = 2000
_SOURCES: Final = frozenset({"", SPOKEN_SOURCE, CONVERTED_SOURCE})
_ACTOR_FORM: Final = re.compile(r"[A-Za-z0-9_]{0,32}")
_ACTIVITY_FORM: Final = re.compile(r"[a-z_]{0,20}(\.[a-z_]{1,20})?")


class HistoryQueries:
    """Answers questions about kept items."""

    def __init__(self, storage: Storage, recent: RecentRequests, clock: Clock, delete_item: DeleteItem) -> None:
        self._storage = storage
        self._recent = recent
        self._clock = clock
        self._delete_item = delete_item

    async def page(self, caller: Caller, record: ListHistory) -> HistoryPage:
        """Return a page. What no item can have is not asked of the database: it keeps what it was asked for."""
        if record.start_after_item_id:
            _checked_id(record.start_after_item_id, "start_after_history_item_id")
        if (record.model_id or DEFAULT_MODEL_ID) not in MODEL_BY_ID or record.source not in _SOURCES:
            return HistoryPage([], has_more=False)
        wanted = HistoryFilter(
            workspace_id=caller.workspace_id, voice_id=record.voice_id, model_id=record.model_id,
            source=record.source, before_ms=record.date_before_unix * 1000, after_ms=record.date_after_unix * 1000,
            is_ascending=record.is_ascending,
        )  # fmt: skip
        count = min(max(record.page_size, 1), PAGE_ITEMS_MAX)

        def step(reader: HistoryReader) -> HistoryPage:
            if record.voice_id and not reader.has_voice(caller.workspace_id, record.voice_id):
                return HistoryPage([], has_more=False)
            after = None
            if record.start_after_item_id:
                # A deleted item keeps its place, so that a client may delete while it reads on.
                after = reader.sequence_of(caller.workspace_id, record.start_after_item_id)
                if after is None:
                    after = self._storage.ledger.place_of(caller.workspace_id, record.start_after_item_id)
                if after is None:
                    raise _no_item("start_after_history_item_id")
            return read_page(reader, PageRequest(wanted, count, after, record.search), self._clock)

        return await self._storage.read(step)

    async def item(self, caller: Caller, record: GetHistoryItem) -> HistoryItemView:
        """Return one item."""
        _checked_id(record.item_id)
        view = await self._storage.read(lambda reader: read_item(reader, caller.workspace_id, record.item_id))
        if view is None:
            raise _no_item()
        return view

    async def alignment(self, caller: Caller, record: ReadItemAlignment) -> AlignmentView:
        """Return a run of an item's alignment; empty past its end."""
        _checked_id(record.item_id)
        kind = NORMALIZED_ALIGNMENT if record.is_normalized else ALIGNMENT

        def step(reader: HistoryReader) -> AlignmentView | None:
            item = reader.get(caller.workspace_id, record.item_id)
            if item is None:
                raise _no_item()
            return alignment_view(reader.alignment(item, kind, record.start, ALIGNMENT_RUN_CHARACTERS))

        return await self._storage.read(step) or AlignmentView([], [], [])

    async def delete(self, caller: Caller, record: DeleteHistoryItem) -> Done:
        """Delete one item."""
        _checked_id(record.item_id)
        if not await self._delete_item(caller.workspace_id, record.item_id, caller.key_id):
            raise _no_item()
        return Done()

    async def check_request_ids(self, caller: Caller, record: CheckRequestIds) -> Done:
        """Say whether requests may be continued."""
        for field, ids in (("previous_request_ids", record.previous), ("next_request_ids", record.next)):
            if not all(self._recent.is_known(request_id, caller.workspace_id) for request_id in ids):
                message = "A request id is unknown, too old, or of a request that was not kept."
                raise EcholessError(ErrorCode.INVALID_REQUEST_ID, message, param=field)
        return Done()


class VoiceQueries:
    """Answers questions about voices."""

    def __init__(self, voices: VoiceBook, administration: Administration) -> None:
        self._voices = voices
        self._administration = administration

    async def all(self, caller: Caller, _record: ListVoices) -> VoiceList:
        """Return all voices."""
        return VoiceList([self._view(caller, voice) for voice in self._voices.all()])

    async def one(self, caller: Caller, record: GetVoice) -> VoiceView:
        """Return one voice."""
        return self._view(caller, self._find(record.voice_id))

    async def edit_settings(self, caller: Caller, record: EditVoiceSettings) -> Done:
        """Store settings of a voice."""
        voice = self._find(record.voice_id)
        settings = checked_settings(record.settings)
        await self._administration.set_voice_settings(caller.workspace_id, voice.voice_id, settings, caller.key_id)
        return Done()

    async def resolve(self, caller: Caller, record: ResolveVoices) -> VoicesResolved:
        """Return what the ids of a dialogue mean."""
        found = [self._voices.find(voice_id) for voice_id in record.voice_ids]
        return VoicesResolved([None if voice is None else self._grant(caller, voice) for voice in found])

    def _grant(self, caller: Caller, voice: KnownVoice) -> VoiceGrant:
        settings = self._voices.settings(caller.workspace_id, voice.voice_id)
        return VoiceGrant(voice.voice_id, voice.name, voice.catalogue_id, settings)

    def _find(self, voice_id: str) -> KnownVoice:
        voice = self._voices.find(voice_id)
        if voice is None:
            raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.")
        return voice

    def _view(self, caller: Caller, voice: KnownVoice) -> VoiceView:
        settings = self._voices.settings(caller.workspace_id, voice.voice_id)
        return VoiceView(voice.voice_id, voice.catalogue_id, settings)


class NumberQueries:
    """Answers questions about the account and its numbers."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def account(self, caller: Caller, _record: GetAccount) -> Account:
        """Return the workspace and its counters."""
        accounts = self._storage.accounts
        workspace = accounts.workspaces[caller.workspace_id]
        meter = accounts.meter(caller.workspace_id)
        member = accounts.members.get(caller.key_id) if caller.is_member else None
        return Account(
            user_id=workspace.user_id if member is None else member.user_id,
            workspace_id=workspace.workspace_id, tier=workspace.tier, character_count=meter.character_count,
            character_limit=workspace.character_limit,
            next_reset_unix=meter.resets_unix, created_unix=workspace.created_unix,
            key_hint=accounts.keys[caller.key_id].hint if member is None else "",
            role=MemberRole.ADMIN.value if member is None else member.role.value,
        )  # fmt: skip

    async def usage(self, caller: Caller, record: GetUsage) -> Usage:
        """Return usage in buckets, each from its start to the start of the next; every hour that the span touches.

        raises: EcholessError(INVALID_PARAMETERS) for an unknown word, a negative span or buckets that cannot be had
        """
        if record.breakdown not in BREAKDOWNS or record.metric not in METRICS:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This breakdown or metric is not offered.")
        hours = touched_hours(record.start_ms, record.end_ms)
        starts = bucket_starts(hours, record.interval_s, is_by_month=record.is_by_month)
        if not starts:
            return Usage([], {})
        await self._storage.writer.flush()

        def step(reader: HistoryReader) -> list[UsagePoint]:
            return read_usage(
                reader.vault, caller.workspace_id, hours.start, hours.stop,
                breakdown=record.breakdown, metric=record.metric,
            )  # fmt: skip

        points = await self._storage.read(step)
        return Usage([start_unix * 1000 for start_unix in starts], bucketed(points, starts))

    async def requests(self, caller: Caller, record: ListRequests) -> RequestRows:
        """Return rows of the request log, newest first."""
        await self._storage.writer.flush()
        limit = min(max(record.limit, 1), _ROWS_MAX)
        start_unix, end_unix = record.start_ms // 1000, -(-record.end_ms // 1000)
        rows = await self._storage.read(
            lambda reader: read_requests(reader.vault, caller.workspace_id, start_unix, end_unix, limit)
        )
        return RequestRows([RequestRow(**{**row, "mode": RetentionMode(row["mode"])}) for row in rows])

    async def audit(self, caller: Caller, record: ListAuditEntries) -> AuditEntries:
        """Return administrative acts, newest first."""
        limit = min(max(record.limit, 1), _ROWS_MAX)
        is_cursor = not record.cursor or is_opaque_id(record.cursor)
        if not (is_cursor and _ACTOR_FORM.fullmatch(record.actor_id) and _ACTIVITY_FORM.fullmatch(record.activity)):
            return AuditEntries([], "")

        def step(reader: HistoryReader) -> list[Mapping[str, Any]]:
            return read_audit(
                reader.vault, caller.workspace_id, limit=limit + 1, before_entry=record.cursor,
                from_ms=record.from_ms, to_ms=record.to_ms, actor_id=record.actor_id, activity=record.activity,
            )  # fmt: skip

        rows = await self._storage.read(step)
        entries = [self._entry(caller.workspace_id, row) for row in rows[:limit]]
        return AuditEntries(entries, entries[-1].entry_id if len(rows) > limit else "")

    def _entry(self, workspace_id: str, row: Mapping[str, Any]) -> AuditEntry:
        sealed, clear = row["sealed_reason"], {name: row[name] for name in row if name != "sealed_reason"}
        reason = opened_reason(self._storage.keyring, workspace_id, sealed, clear["entry_id"])
        return AuditEntry(**clear, reason=reason)


def _checked_id(item_id: str, param: str | None = None) -> None:
    """Raise for what is no id of any item."""
    if not is_opaque_id(item_id):
        raise _no_item(param)


def _no_item(param: str | None = None) -> EcholessError:
    return EcholessError(ErrorCode.HISTORY_ITEM_NOT_FOUND, "There is no history item with this id.", param=param)
